"""When a word of dictated text is a mark or a directive: "comma" is, "period" in "the period of time" not.

A mark's words are words where one of these holds, and no pause parts them from the word that says so:
- "literal" stands before them;
- a word before them asks for a noun ("a", "the"), or may do so and follows a preposition ("in that period";
  "I like that period" ends a sentence), but for marks that are hardly ever words;
- a word after them belongs to nothing else ("colon cancer");
- two words say so together: one before them ("long", "to") with a determiner before that ("a long period") or
  with one after them ("to dash out");
- nothing goes before them and what follows would go on from a noun ("period of");
- they are a break, times are known, and there is no pause on either side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from killah.audio.commands.grammar import lowered, tokens
from killah.audio.commands.tables import Mark, Table, Words
from killah.audio.recognition.ctc import Word

Meaning = TypeVar("Meaning")

_NOUN_PHRASE = 4  # words from a determiner to its noun

PAUSE = 0.25  # seconds of silence around what is not part of the sentence


@dataclass(frozen=True)
class Token:
    """A word as it was said, its form for the tables, and the silence before it in seconds, where known."""

    text: str
    plain: str
    pause: float | None

    def apart(self, unknown: bool) -> bool:
        """Whether there is a pause before it; `unknown` where nobody knows."""
        return unknown if self.pause is None else self.pause >= PAUSE


@dataclass(frozen=True)
class Found:
    """What the words up to `end` are: a mark to write, capitals from here on, or words after all."""

    end: int
    kind: Literal["mark", "capitals", "words"]
    value: str = ""


def tokenised(words: str | Sequence[Word]) -> list[Token]:
    """An utterance as tokens; without times no pause is known."""
    if isinstance(words, str):
        return [Token(each, _plain(each), None) for each in words.split()]
    ends = [None, *(word.end for word in words)]
    return [
        Token(each, _plain(each), None if place or end is None else word.start - end)
        for word, end in zip(words, ends, strict=False)
        for place, each in enumerate(word.text.split())
    ]


class Marks:
    """Finds the marks of one language."""

    def __init__(self, table: Table) -> None:
        self._marks = _by_first([(words, mark) for mark in table.marks for words in mark.say])
        modes = {mode: said for mode, said in table.directives.items() if mode != "before"}
        self._modes = _by_first([(words, mode) for mode, said in modes.items() for words in said])
        self._words = {key: table.single(table.text, key) for key in table.text}
        self._open = next(mark.text for mark in table.marks if mark.text in "“«")
        self._unquote = table.text["unquote"]
        self._not_cased = table.single(table.directives, "before")

    def at(self, said: Sequence[Token], place: int, left: Sequence[str]) -> Found | None:
        """What begins at `place`, with the words `left` before it since the last mark; None for a word."""
        if said[place].plain in self._words["literal"] and (size := self._size(said, place + 1)):
            return Found(place + 1 + size, "words")
        for words, mark in self._marks.get(said[place].plain, ()):
            end = place + len(words)
            if _stands(said, place, words) and self._is_mark(mark, said, place, end, left):
                return Found(end, "mark", mark.text)
        for words, mode in self._modes.get(said[place].plain, ()):
            end = place + len(words)
            if _stands(said, place, words) and self._is_directive(mode, said, place, end, left):
                return Found(end, "capitals", mode)
        return self._quote(said, place)

    def _is_mark(self, mark: Mark, said: Sequence[Token], place: int, end: int, left: Sequence[str]) -> bool:
        close = not said[place].apart(False)
        before = left[-1] if left and close else ""
        follows = end < len(said) and not said[end].apart(False)
        after = said[end].plain if follows else ""
        if before in self._words["determiners"] or after in mark.before:
            return False
        if not mark.sure and before in self._words["pronouns"]:
            return not left[-2:-1] or left[-2] not in self._words["prepositions"]
        if before in mark.after:
            return after not in mark.then and self._words["determiners"].isdisjoint(left[-_NOUN_PHRASE:])
        if mark.text.isspace() and follows and left and close:
            return said[place].pause is None
        return bool(before) or after not in mark.then

    def _is_directive(
        self, mode: str, said: Sequence[Token], place: int, end: int, left: Sequence[str]
    ) -> bool:
        if not mode.startswith("next"):
            return not left or left[-1] not in self._words["determiners"]
        begins = not left or said[place].apart(False)
        return begins and end < len(said) and said[end].plain not in self._not_cased

    def _quote(self, said: Sequence[Token], place: int) -> Found | None:
        """Open a quotation that is closed later: "quote to be or not to be unquote"."""
        if said[place].plain not in self._words["quote"]:
            return None
        later = range(place + 2, len(said))
        closed = any(_stands(said, each, words) for each in later for words in self._unquote)
        return Found(place + 1, "mark", self._open) if closed else None

    def _size(self, said: Sequence[Token], place: int) -> int:
        """How many words of `said` at `place` would be a mark or a directive."""
        if place == len(said):
            return 0
        known = (*self._marks.get(said[place].plain, ()), *self._modes.get(said[place].plain, ()))
        return max((len(words) for words, _ in known if _stands(said, place, words)), default=0)


def _plain(word: str) -> str:
    return "".join(lowered(tokens(word)))


def _stands(said: Sequence[Token], place: int, words: Words) -> bool:
    return tuple(each.plain for each in said[place : place + len(words)]) == words


def _by_first(pairs: Sequence[tuple[Words, Meaning]]) -> Mapping[str, list[tuple[Words, Meaning]]]:
    """Phrases by their first word, the longest first."""
    found: dict[str, list[tuple[Words, Meaning]]] = {}
    for words, meaning in sorted(pairs, key=lambda pair: -len(pair[0])):
        found.setdefault(words[0], []).append((words, meaning))
    return found
