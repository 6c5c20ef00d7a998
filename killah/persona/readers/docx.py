"""Word documents: zip and XML read as a stream, with caps, because a .docx can be a bomb.

python-docx loses tracked insertions and content controls and expands a zip bomb to gigabytes; this keeps
the text and never holds more than the cap. Deleted text, field codes and drawn text are not taken; tables,
quotations, code and tables of contents are known by Word's own names of styles, in any language.
"""

import re
import zipfile

from killah.persona.readers import Unreadable
from killah.persona.readers._archive import opened, parse
from killah.persona.readers._blocks import Blocks
from killah.persona.voice import Prose, Reason

MAX_BYTES = 100 << 20

_MAIN_PART = re.compile(r"word/document\d*\.xml")
_STYLES = "word/styles.xml"
_MARKS = {"w:tab": "\t", "w:br": "\n", "w:cr": "\n", "w:noBreakHyphen": "\u2011"}
_REASONS = (
    (re.compile(r"toc \d|toc heading|table of (figures|authorities)|index \d"), Reason.CONTENTS),
    (re.compile(r"(intense )?quote|block text"), Reason.QUOTATIONS),
    (re.compile(r"html (code|preformatted|sample)|source ?code|code( block)?|macro"), Reason.CODE),
    (re.compile(r"bibliography"), Reason.REFERENCES),
)


def read(data: bytes) -> Prose:
    """One paragraph for each `w:p`. Raises `Unreadable` for a bomb or anything that is no Word document."""
    with opened(data, "Word document") as archive:
        names = archive.namelist()
        main = next(filter(_MAIN_PART.fullmatch, names), None)
        if main is None:
            raise Unreadable("not a Word document")
        words = _Words(_styles(archive) if _STYLES in names else {})
        parse(archive, main, words.start, words.end, words.characters)
    return words.blocks.prose()


def _styles(archive: zipfile.ZipFile) -> dict[str, Reason]:
    """What paragraphs of a style are, by its identifier; Word writes its English name beside it."""
    reasons: dict[str, Reason] = {}
    identifier = ""

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal identifier
        if tag == "w:style":
            identifier = attributes.get("styleId", "")
        elif tag == "w:name":
            name = attributes.get("val", "").lower()
            for pattern, reason in _REASONS:
                if pattern.fullmatch(name):
                    reasons[identifier] = reason

    parse(archive, _STYLES, start, lambda _: None, lambda _: None)
    return reasons


class _Words:
    """Collects the text of a `document.xml` as expat meets it."""

    def __init__(self, styles: dict[str, Reason]) -> None:
        self.blocks = Blocks()
        self._styles = styles
        self._paragraph: list[str] = []
        self._reason: Reason | None = None
        self._depth = 0  # open w:t elements
        self._fallback = 0  # open mc:Fallback elements: the same text again, for old readers

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "mc:Fallback":
            self._fallback += 1
        elif self._fallback:
            return
        elif tag == "w:t":
            self._depth += 1
        elif tag == "w:tr":
            self.blocks.open_row()
        elif tag == "w:tc":
            self.blocks.open_cell()
        elif tag == "w:pStyle":
            self._reason = self._styles.get(attributes.get("val", ""))
        elif tag in _MARKS and "pos" not in attributes:  # a w:tab with a position only sets a tab stop
            self._paragraph.append(_MARKS[tag])

    def end(self, tag: str) -> None:
        if tag == "mc:Fallback":
            self._fallback -= 1
        elif self._fallback:
            return
        elif tag == "w:t":
            self._depth -= 1
        elif tag == "w:tr":
            self.blocks.close_row()
        elif tag == "w:p":
            self.blocks.add("".join(self._paragraph), self._reason)
            self._paragraph, self._reason = [], None

    def characters(self, characters: str) -> None:
        if self._depth and not self._fallback:
            self._paragraph.append(characters)
