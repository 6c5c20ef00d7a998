"""The text being edited: lines, a version, a running word count, and a hook before every change."""

import re
from collections.abc import Callable
from itertools import takewhile

from textual.document._document import Document, EditResult, Location

WORD = re.compile(r"\w+(?:['’‑-]\w+)*")

BeforeChange = Callable[["PlainText", Location, Location, str], None]


def count_words(lines: list[str]) -> int:
    """Words in `lines`; don't and well-known are one each."""
    return sum(len(WORD.findall(line)) for line in lines)


def word_at(line: str, column: int) -> tuple[int, int] | None:
    """Begin and end of the word that a column is in, or just behind."""
    found = (match.span() for match in WORD.finditer(line))
    return next(((start, end) for start, end in found if start <= column <= end), None)


def changed(old: str, new: str) -> tuple[int, int, str]:
    """The shortest part (start, end) of `old` that makes it `new` when this text is put there."""
    start = _same(old, new)
    end = _same(old[start:][::-1], new[start:][::-1])
    return start, len(old) - end, new[start : len(new) - end]


def _same(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return sum(1 for _ in takewhile(lambda both: both[0] == both[1], zip(one, other, strict=False)))


class PlainText(Document):
    """A document whose only line break is a newline.

    Textual's own splits at form feeds and eight other characters too, and would save them as newlines.
    Every change goes through `replace_range`, so whoever watches `before_change` misses none.
    """

    def __init__(self, text: str) -> None:
        super().__init__("")
        self._lines = text.split("\n")
        self._text: str | None = text
        self.version = 0
        self.characters = len(text)
        self.words = count_words(self._lines)
        self.before_change: BeforeChange | None = None
        self._known = 0, 0  # a line, and the characters before it: keys come one after another

    @property
    def text(self) -> str:
        """The whole text; joined once per version."""
        if self._text is None:
            self._text = "\n".join(self._lines)
        return self._text

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        """Put `text` in place of what lies between two locations (row, column), in either order."""
        top, bottom = sorted((start, end))
        if self.before_change is not None and (text or top != bottom):
            self.before_change(self, top, bottom, text)
        replaced = self.get_text_range(top, bottom)
        first = self._lines[top[0]][: top[1]] if top[0] < len(self._lines) else ""
        last = self._lines[bottom[0]][bottom[1] :] if bottom[0] < len(self._lines) else ""
        new = text.split("\n")
        column = len(new[-1]) + (len(first) if len(new) == 1 else 0)
        new[0] = first + new[0]
        new[-1] += last
        old = self._lines[top[0] : bottom[0] + 1]
        self._lines[top[0] : bottom[0] + 1] = new
        self.words += count_words(new) - count_words(old)
        self.characters += len(text) - len(replaced)
        self.version += 1
        if top[0] < self._known[0]:
            self._known = 0, 0
        self._text = None
        return EditResult((top[0] + len(new) - 1, column), replaced)

    def index(self, location: Location) -> int:
        """Character offset of a location in `text`."""
        row, column = location
        known, before = self._known if self._known[0] <= row else (0, 0)
        self._known = row, before + sum(map(len, self._lines[known:row])) + row - known
        return self._known[1] + column

    def location(self, index: int) -> Location:
        """Where a character offset in `text` is; the end for one that is beyond it."""
        for row, line in enumerate(self._lines):
            if index <= len(line):
                return row, index
            index -= len(line) + 1
        return self.end
