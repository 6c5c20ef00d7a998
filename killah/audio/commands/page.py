"""Text that grows at a caret by words and marks: where a space belongs, and where a capital."""

import re

from killah.audio.commands.tables import Language

_OPEN, _CLOSE, _JOIN = "([“«‘", ",.;:?!…)]”»%", "-/"
_LEFT = 200  # characters before the caret that are looked at
_ENDINGS = frozenset("s t re ll ve d m".split())  # after an apostrophe

# After a full stop, a line break, or nothing at all, and quotes or brackets that open; after a comma or a
# colon only inside quotes: She said, “Yes.”
_BEGINS = re.compile(r"(?:\A\s*|\n\s*|[.?!][)\]]*\s+|\.[”»\"][)\]]*\s+|[,:.?!—]\s*(?=[“«]))[“«‘(\[]*\Z")
_ABBREVIATION = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|vs|e\.g|i\.e|cf|т\.е|т\.к)\.\s+\Z")


class Page:
    """What stands before the caret, and what is added to it."""

    def __init__(self, before: str, language: Language) -> None:
        self._left = before[-_LEFT:]
        self._spaced_dash = language == "ru"
        self._straight = '"' in self._left and not re.search("[“”«»]", self._left)
        self.added = ""

    @property
    def _tail(self) -> str:
        return (self._left + self.added)[-_LEFT:]

    def word(self, word: str, *, spelled: bool = False) -> None:
        """Add a word, with a capital where a sentence begins unless it is `spelled` as it must be."""
        apostrophe = self._tail.endswith("’") and word.lower() in _ENDINGS
        if not apostrophe:
            self._space()
        if not spelled and self._begins():
            word = word[:1].upper() + word[1:]
        self.added += word

    def mark(self, mark: str) -> None:
        """Add a mark of punctuation, or a break."""
        if mark.isspace() or (mark == "—" and not self._spaced_dash):
            self.added = self.added.rstrip(" ") + mark
            return
        if mark not in _CLOSE + _JOIN + "’":
            self._space()
        self.added += '"' if self._straight and mark in "“”«»" else mark

    def finish(self, after: str) -> str:
        """What was added, with a space before a word that follows."""
        joined = not self.added or self.added[-1].isspace() or self.added[-1] in _OPEN + _JOIN
        return self.added if joined or not after[:1].isalnum() else self.added + " "

    def _space(self) -> None:
        tail = self._tail
        last = tail[-1:]
        joins = _OPEN + _JOIN + ("" if self._spaced_dash else "—")
        opened = last == '"' and tail.rpartition("\n")[2].count('"') % 2 == 1
        if tail and not last.isspace() and last not in joins and not opened:
            self.added += " "

    def _begins(self) -> bool:
        tail = self._tail.replace('"', "“") if self._straight else self._tail
        return _BEGINS.search(tail) is not None and not _ABBREVIATION.search(tail)
