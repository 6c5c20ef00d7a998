"""OpenDocument text (LibreOffice): zip and XML read as a stream, with the caps of .docx.

Deleted text that is still tracked, comments and notes' numbers are not taken. Tables, indexes and quotations
are known by their elements and by the names of styles, which LibreOffice keeps in English.
"""

from killah.persona.readers import Unreadable
from killah.persona.readers._archive import opened, parse, part
from killah.persona.readers._blocks import Blocks
from killah.persona.voice import Prose, Reason
from killah.persona.voice.code import is_code

MAX_BYTES = 100 << 20

_CONTENT, _MANIFEST = "content.xml", "META-INF/manifest.xml"
_MIME = b"application/vnd.oasis.opendocument.text"
_PARAGRAPHS = ("text:p", "text:h")
_SKIPPED = ("text:tracked-changes", "office:annotation", "text:note-citation", "text:ruby-text")
_ROW, _CELL = "table:table-row", "table:table-cell"
_ASIDES = {
    "text:table-of-content": Reason.CONTENTS,
    "text:alphabetical-index": Reason.CONTENTS,
    "text:illustration-index": Reason.CONTENTS,
    "text:table-index": Reason.CONTENTS,
    "text:bibliography": Reason.REFERENCES,
}
_QUOTATIONS, _TYPEWRITTEN = "Quotations", "Preformatted_20_Text"
_MOST_SPACES = 100


def read(data: bytes) -> Prose:
    """One paragraph for each `text:p`. Raises `Unreadable` for a bomb or what is no such text."""
    with opened(data, "OpenDocument text") as archive:
        names = archive.namelist()
        is_text = "mimetype" not in names or part(archive, "mimetype", 1 << 10).startswith(_MIME)
        if _CONTENT not in names or not is_text:
            raise Unreadable("not an OpenDocument text")
        if _MANIFEST in names and b"encryption-data" in part(archive, _MANIFEST):
            raise Unreadable("encrypted OpenDocument text")
        words = _Words()
        parse(archive, _CONTENT, words.start, words.end, words.characters)
    return words.blocks.prose()


class _Words:
    """Collects the text of a `content.xml` as expat meets it."""

    def __init__(self) -> None:
        self.blocks = Blocks()
        self._styles: dict[str, str] = {}  # automatic style -> the named style it is made of
        self._paragraphs: list[tuple[str, list[str]]] = []  # style and text; a note stands in a paragraph
        self._asides: list[Reason] = []
        self._skipped = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _SKIPPED:
            self._skipped += 1
        elif self._skipped:
            return
        elif tag == "style:style":
            self._styles[attributes.get("name", "")] = attributes.get("parent-style-name", "")
        elif tag in _PARAGRAPHS:
            self._paragraphs.append((attributes.get("style-name", ""), []))
        elif tag in _ASIDES:
            self._asides.append(_ASIDES[tag])
        elif tag == _ROW:
            self.blocks.open_row()
        elif tag == _CELL:
            self.blocks.open_cell()
        elif tag == "text:s":
            count = attributes.get("c", "1")
            self.characters(" " * (min(int(count), _MOST_SPACES) if count.isdecimal() else 1))
        elif tag in ("text:tab", "text:line-break"):
            self.characters("\t" if tag == "text:tab" else "\n")

    def end(self, tag: str) -> None:
        if tag in _SKIPPED:
            self._skipped -= 1
        elif self._skipped:
            return
        elif tag in _PARAGRAPHS:
            style, words = self._paragraphs.pop()
            text = "".join(words)
            self.blocks.add(text, self._reason(style, text))
        elif tag in _ASIDES:
            self._asides.pop()
        elif tag == _ROW:
            self.blocks.close_row()

    def characters(self, characters: str) -> None:
        if self._paragraphs and not self._skipped:
            self._paragraphs[-1][1].append(characters)

    def _reason(self, style: str, text: str) -> Reason | None:
        if self._asides:
            return self._asides[0]
        named = {style, self._styles.get(style, "")}
        if _QUOTATIONS in named:
            return Reason.QUOTATIONS
        return Reason.CODE if _TYPEWRITTEN in named and is_code(text) else None
