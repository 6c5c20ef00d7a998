"""Fixed commands: an utterance is one only as a whole. "Scratch that" is; "scratch that itch" is dictated."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from killah.audio.commands import numbers
from killah.audio.commands.matching import Near
from killah.audio.commands.parts import Part, kind, ordinal
from killah.audio.commands.tables import Language, Words, table
from killah.audio.commands.templates import Phrase, pattern

LONGEST, MOST_WORDS = 24, 8  # words of an utterance; of each free part of a replacement
SPOKEN_COUNTS = range(2, 11)  # numbers in `phrases`; others are understood too

# Which field of `Command` a slot of the tables fills.
_FIELDS = {
    **dict.fromkeys(("unit", "scope", "passage"), "unit"),
    **dict.fromkeys(("case", "made", "marks"), "value"),
}
_NOT_SAID = re.compile(r"[^\w'\-&%]+|_")


@dataclass(frozen=True)
class Command:
    """What is to be done.

    `value` is what `insert` inserts, the letters of `case` and `capitals`, the pair of marks of `enclose`,
    the end of the text that `go` goes to. `unit` is word, sentence, paragraph, line, that or all; `count` how
    many, or how often. `old`, `new` and `every` belong to `replace`.

    An instruction in free words has `said`, its words, and names its `part` of the text, with `to` a second
    one (slots.py); `then` is what is to be done after it.
    """

    name: str
    value: str = ""
    unit: str = ""
    count: int = 1
    old: str = ""
    new: str = ""
    every: bool = False
    part: Part | None = None
    to: Part | None = None
    said: str = ""
    then: "Command | None" = None


def parse(utterance: str, language: Language = "en") -> Command | None:
    """The command that `utterance` is as a whole; None where it is dictated text.

    Of a replacement only the form is known here: that its `old` stands in the text is for `editing` to see.
    """
    grammar = _grammar(language)
    said = tokens(utterance)
    if not said or len(said) > LONGEST:
        return None
    forms = [Form(lowered(said), said, False), *_forms(said, grammar)]
    for understood in (grammar.exact, grammar.near, grammar.free):
        for form in forms:
            command = understood(form)
            # "Okay period" is dictated.
            if command and not (form.polite and command.name == "insert"):
                return command
    return None


def exact(utterance: str, language: Language = "en") -> Command | None:
    """The fixed command that `utterance` is word for word, whatever courtesy is around it."""
    grammar, said = _grammar(language), tokens(utterance)
    found = map(grammar.exact, [Form(lowered(said), said, False), *_forms(said, grammar)])
    return next(filter(None, found), None)


def phrases(language: Language = "en") -> list[str]:
    """Every phrase that is a command, numbers from two to ten in words, for scoring against sound."""
    return _grammar(language).said()


def nearest(utterance: str, language: Language = "en", most: int = 20) -> list[tuple[str, int]]:
    """The `most` phrases nearest to what was heard, with their edit distances in letters."""
    return _grammar(language).index.nearest(" ".join(lowered(tokens(utterance))), most)


class Form(NamedTuple):
    """Words to be understood: as the tables have them, as they were said; whether courtesy was left out."""

    words: list[str]
    said: list[str]
    polite: bool

    @property
    def text(self) -> str:
        """As it was said."""
        return " ".join(self.said)

    def between(self, start: int, end: int | None = None) -> "Form":
        """Some of the words."""
        return Form(self.words[start:end], self.said[start:end], self.polite)


def tokens(utterance: str) -> list[str]:
    """The words of an utterance as they were written, without punctuation."""
    return _NOT_SAID.sub(" ", utterance.replace("’", "'")).split()


def lowered(words: Sequence[str]) -> list[str]:
    """Words as the tables have them: lower case, е for ё."""
    return [word.lower().replace("ё", "е") for word in words]


def core(utterance: str, language: Language = "en") -> Form:
    """An utterance without hesitations and courtesy."""
    said = tokens(utterance)
    least = Form(lowered(said), said, False)
    return min(_forms(said, _grammar(language)), key=lambda form: len(form.words), default=least)


class _Grammar:
    """The commands of one language: fixed phrases by their words, and those with free text as patterns."""

    def __init__(self, language: Language) -> None:
        self.table = table(language)
        self.hesitations = self.table.single(self.table.polite, "hesitations")
        self._fixed: dict[str, Command] = {}
        self._patterns: list[tuple[re.Pattern[str], Command]] = []
        for raw in self.table.commands:
            self._add(raw)
        for mark in self.table.marks:
            for words in mark.say:
                self._fixed.setdefault(" ".join(words), Command("insert", mark.text))
        self.index = Near(self.said(), self.table.ordinary)

    def _add(self, raw: Mapping[str, Any]) -> None:
        fields = {key: value for key, value in raw.items() if key != "say"}
        for template in raw["say"]:
            if "<old>" in template:
                self._patterns.append((pattern(template), Command(**fields)))
                continue
            for phrase in self.table.templates.expand(template):
                self._fixed.setdefault(" ".join(phrase.words), Command(**fields | _arguments(phrase)))

    def exact(self, form: Form) -> Command | None:
        """The command of exactly these words."""
        return self._command(form.words)

    def _command(self, words: Sequence[str]) -> Command | None:
        if command := self._fixed.get(" ".join(words)):
            return command
        number = numbers.find(words, self.table.numbers)
        if number is None or number.value < 1:
            return None
        command = self._fixed.get(" ".join([*words[: number.start], "#", *words[number.end :]]))
        return command and replace(command, count=number.value)

    def free(self, form: Form) -> Command | None:
        """A command with free text in it: that is as it was said."""
        whole = " ".join(form.words) + " "
        for template, command in self._patterns:
            if (match := template.fullmatch(whole)) and _likely(match):
                old, new = (_part(whole, match.span(slot), form.said) for slot in ("old", "new"))
                if part := ordinal(lowered(old.split()), self.table):
                    return replace(command, every=False, part=part, new=new, said=form.text)
                return replace(command, old=old, new=new)
        return None

    def near(self, form: Form) -> Command | None:
        """The command of a phrase that these words are a misspelling of."""
        places = {word for word in form.words if kind(word, self.table)}  # "second" is no misspelled "last"
        near = (phrase.split() for phrase in self.index.best(" ".join(form.words)))
        meant = {self._command(words) for words in near if places <= set(words)}
        return meant.pop() if len(meant) == 1 else None

    def said(self) -> list[str]:
        """Every fixed phrase, numbers in words."""
        counted = [word for word, value in self.table.numbers.items() if value in SPOKEN_COUNTS]
        return [
            phrase.replace("#", word)
            for phrase in self._fixed
            for word in (counted if "#" in phrase else ("",))
        ]


@cache
def _grammar(language: Language) -> _Grammar:
    return _Grammar(language)


def _arguments(phrase: Phrase) -> dict[str, Any]:
    return {_FIELDS[slot]: value for slot, value in phrase.arguments}


def _likely(match: re.Match[str]) -> bool:
    """Whether free text is of a replacement's size: "replace me with somebody who ..." is none."""
    old, new = (len(match[slot].split()) for slot in ("old", "new"))
    return old <= MOST_WORDS and new <= min(MOST_WORDS, old + (1 if match[0].startswith("change") else 3))


def _part(whole: str, span: tuple[int, int], said: Sequence[str]) -> str:
    start = whole.count(" ", 0, span[0])
    return " ".join(said[start : start + whole.count(" ", *span)])


def _forms(said: list[str], grammar: _Grammar) -> Iterator[Form]:
    """Without "um", and with less and less courtesy before and after what is said.

    Where it was asked for ("could you ..."), one word alone is no command: "can you continue" is a question.
    """
    polite = grammar.table.polite
    kept = _fluent(lowered(said), grammar.hesitations)
    said = [said[place] for place in kept]
    words = lowered(said)
    starts = _courtesy(words, polite["before"] + polite["asking"])
    ends = _courtesy(words[::-1], [each[::-1] for each in polite["after"]])
    for start in starts:
        asked = any(tuple(words[max(0, start - len(each)) : start]) == each for each in polite["asking"])
        for end in (len(words) - each for each in ends):
            if end - start > asked:
                yield Form(words[start:end], said[start:end], end - start < len(words))


def _fluent(words: Sequence[str], hesitations: frozenset[str]) -> list[int]:
    """Places of the words without "um", and without a word said twice in a row."""
    kept: list[int] = []
    for place, word in enumerate(words):
        if word not in hesitations and not (kept and word == words[kept[-1]]):
            kept.append(place)
    return kept


def _courtesy(words: Sequence[str], entries: Sequence[Words]) -> list[int]:
    """How many words may be left out at the beginning: none, or one entry after another."""
    lengths = [0]
    for length in lengths:
        for each in entries:
            after = length + len(each)
            if tuple(words[length:after]) == each and after not in lengths:
                lengths.append(after)
    return lengths
