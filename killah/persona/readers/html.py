"""Web pages and HTML mail, through html.parser, which takes any tangle of tags.

Scripts, hidden text and controls are no text at all. Menus and footers, tables, code and quotations are set
aside by their elements, and what mail programs quote by the names they give it.
"""

import re
from html.parser import HTMLParser

from killah.persona.readers import clean
from killah.persona.readers._blocks import Blocks
from killah.persona.readers.txt import declared
from killah.persona.voice import Prose, Reason
from killah.persona.voice.code import is_code

MAX_BYTES = 32 << 20

_CHARSET = re.compile(
    rb"""<(?:meta\s[^>]{0,200}?charset|\?xml\s[^>]{0,100}?encoding)\s*=\s*["']?\s*([\w.:-]{2,30})""",
    re.IGNORECASE,
)
_HEAD = 4096  # bytes that are searched for the encoding

_NO_TEXT = frozenset(
    "script style template svg math object noscript select textarea datalist canvas video audio iframe"
    " title".split()
)
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure"
    " footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody td tfoot"
    " th thead tr ul".split()
)
_REASONS = {
    "blockquote": Reason.QUOTATIONS,
    "nav": Reason.FURNITURE,
    "footer": Reason.FURNITURE,
    "menu": Reason.FURNITURE,
    "button": Reason.FURNITURE,
    "table": Reason.TABLES,
}
_COMMENT = re.compile(r"<!--|<!\[")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_CELLS = ("td", "th")
_CODE = ("code", "kbd", "samp", "tt", "var")
_SPACES = re.compile(r"[ \t\n\xa0]+")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# Names of classes and identifiers, and roles of parts of an EPUB.
_NAMES = (
    (re.compile(r"gmail_(?:quote|attr)|yahoo_quoted|moz-cite-prefix|protonmail_quote"), Reason.QUOTED),
    (
        re.compile(r"gmail_signature|moz-signature|protonmail_signature|ms-outlook-mobile-sig"),
        Reason.SIGNATURES,
    ),
    (re.compile(r"\b(?:toc|landmarks|loi|lot|page-list|doc-toc)\b"), Reason.CONTENTS),
    (re.compile(r"\b(?:bibliography|doc-bibliography|reflist)\b"), Reason.REFERENCES),
    (re.compile(r"\b(?:copyright-page|imprint|colophon|pg-(?:boilerplate|header|footer))\b"), Reason.LICENCE),
    (re.compile(r"\b(?:epigraph|doc-epigraph)\b"), Reason.QUOTATIONS),
)
_NAMED_BY = ("class", "id", "role", "epub:type")


def read(data: bytes) -> Prose:
    """Paragraphs of a page."""
    blocks = Blocks()
    page(decode(data), blocks)
    return blocks.prose()


def decode(data: bytes) -> str:
    """The source of a page, in the encoding that its head names. Raises `Unreadable` for binary data."""
    found = _CHARSET.search(data[:_HEAD])
    return declared(data, found[1].decode("ascii") if found else None)


def page(source: str, blocks: Blocks) -> None:
    """Add the paragraphs of a page to `blocks`."""
    parser = _Page(blocks)
    parser.feed("".join(_without_comments(clean(source))))
    parser.close()
    parser.flush()


def _without_comments(source: str) -> list[str]:
    """Source without comments and `<![if ...]>`: one left open takes html.parser quadratic time."""
    kept, at = [], 0
    for start in _COMMENT.finditer(source):
        if start.start() < at:  # within the last one
            continue
        kept.append(source[at : start.start()])
        ending = "-->" if start[0] == "<!--" else ">"
        end = source.find(ending, start.end())
        if end < 0:
            return kept
        at = end + len(ending)
    return [*kept, source[at:]]


class _Page(HTMLParser):
    """Paragraphs as html.parser meets them.

    Only elements that change what text is are followed (and those of the same name inside them), because
    others are often left open.
    """

    def __init__(self, blocks: Blocks) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks = blocks
        self._open: list[tuple[str, Reason | None, bool]] = []  # tag, reason, whether it has no text at all
        self._count: dict[str, int] = {}  # of tags in `_open`
        self._reasons: list[Reason] = []
        self._silent = 0
        self._words: list[str] = []
        self._preformatted = 0
        self._code = 0
        self._has_code = self._has_plain = False
        self._link = self._has_unlinked = self._is_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._words.append("\n")
        if tag in _BLOCKS:
            self.flush()
            self._is_heading = tag in _HEADINGS
        if tag == "a":
            self._link = any(name == "href" for name, _ in attrs)
        if tag in _VOID:
            return
        if tag in _CELLS:
            self.blocks.open_cell()
        elif tag == "tr" and self._open and self._open[-1][0] == "tr":  # the row before was left open
            self._leave("tr")
        if tag in _CODE:
            self._code += 1
        self._enter(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.flush()
        if tag == "a":
            self._link = False
        if tag in _CODE and self._code:
            self._code -= 1
        if self._count.get(tag):
            self._leave(tag)

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self._words.append(data if self._preformatted else _collapse(data))
        if data.strip():
            self._has_code = self._has_code or self._code > 0
            self._has_plain = self._has_plain or not self._code
            self._has_unlinked = self._has_unlinked or not self._link

    def flush(self) -> None:
        """The block of text that was being read is complete."""
        text = "".join(self._words)
        if self._preformatted:
            is_aside = is_code(text) or self._has_code
            text = text.strip("\n")
        else:
            is_aside = self._has_code and not self._has_plain
            text = "\n".join(line.strip() for line in text.split("\n"))
        reason = Reason.CODE if is_aside else None
        if not self._has_unlinked and not self._is_heading:  # a menu is a list of links
            reason = Reason.FURNITURE
        self.blocks.add(text, self._reasons[0] if self._reasons else reason)
        self._words.clear()
        self._has_code = self._has_plain = False
        self._link = self._has_unlinked = self._is_heading = False

    def _enter(self, tag: str, attributes: dict[str, str | None]) -> None:
        is_hidden = "hidden" in attributes or _HIDDEN.search(attributes.get("style") or "")
        silent = tag in _NO_TEXT or bool(is_hidden)
        reason = _reason(tag, attributes)
        if not (silent or reason or tag in ("pre", "tr") or self._count.get(tag)):
            return
        if reason is not None:
            self.flush()
        self._open.append((tag, reason, silent))
        self._count[tag] = self._count.get(tag, 0) + 1
        self._silent += silent
        self._preformatted += tag == "pre"
        if reason is not None and reason is not Reason.TABLES:
            self._reasons.append(reason)
        if tag == "tr":
            self.blocks.open_row()

    def _leave(self, tag: str) -> None:
        """Close the innermost `tag` and whatever is still open in it."""
        while self._open:
            name, reason, silent = self._open[-1]
            if reason is not None:
                self.flush()
            self._open.pop()
            self._count[name] -= 1
            self._silent -= silent
            self._preformatted -= name == "pre"
            if reason is not None and reason is not Reason.TABLES:
                self._reasons.pop()
            if name == "tr":
                self.blocks.close_row()
            if name == tag:
                return


def _reason(tag: str, attributes: dict[str, str | None]) -> Reason | None:
    if tag == "blockquote" and (attributes.get("type") or "").lower() == "cite":
        return Reason.QUOTED
    names = " ".join(attributes.get(name) or "" for name in _NAMED_BY).strip()
    if names:
        for pattern, reason in _NAMES:
            if pattern.search(names):
                return reason
    return _REASONS.get(tag)


def _collapse(text: str) -> str:
    return _SPACES.sub(" ", text)
