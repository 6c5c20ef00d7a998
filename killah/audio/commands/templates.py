"""The language of the command tables: one line says many phrases.

`(a|b)` is one of them, `[a]` may be left out, `{name}` is a list of the table by that name, `<slot>` a slot
whose value becomes an argument, `#` a number. Expansion is plain: every phrase there is, once.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

Arguments = Mapping[str, str]  # slot -> its value
Slots = Mapping[str, Mapping[str, Sequence[str]]]  # slot -> value -> templates

_TOKEN = re.compile(r"\s*([()|\[\]]|\{\w+\}|<\w+>|[^\s()|\[\]]+)")


@dataclass(frozen=True)
class Phrase:
    """Words as they are said, and the values of the slots in them."""

    words: tuple[str, ...] = ()
    arguments: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: "Phrase") -> "Phrase":
        return Phrase(self.words + other.words, self.arguments + other.arguments)


class Templates:
    """Expands templates over the lists and the slots of one table.

    A slot that the table does not define stays in the phrase as `<slot>`: it stands for any words.
    """

    def __init__(self, lists: Mapping[str, Sequence[str]], slots: Slots) -> None:
        self._lists = lists
        self._slots = slots
        self._known: dict[str, list[Phrase]] = {}

    def expand(self, template: str) -> list[Phrase]:
        """Every phrase of a template. Raises `ValueError` where brackets do not match."""
        tokens = _TOKEN.findall(template)
        found, rest = self._choice(tokens)
        if rest:
            raise ValueError(f"{template!r}: {rest[0]!r} closes nothing")
        return found

    def _choice(self, tokens: list[str]) -> tuple[list[Phrase], list[str]]:
        found: list[Phrase] = []
        while True:
            sequence, tokens = self._sequence(tokens)
            found += sequence
            if not tokens or tokens[0] != "|":
                return found, tokens
            tokens = tokens[1:]

    def _sequence(self, tokens: list[str]) -> tuple[list[Phrase], list[str]]:
        parts: list[list[Phrase]] = []
        while tokens and tokens[0] not in (")", "]", "|"):
            part, tokens = self._part(tokens)
            parts.append(part)
        return [sum(each, Phrase()) for each in product(*parts)], tokens

    def _part(self, tokens: list[str]) -> tuple[list[Phrase], list[str]]:
        first, rest = tokens[0], tokens[1:]
        if first in "([":
            inside, rest = self._choice(rest)
            closing = ")" if first == "(" else "]"
            if not rest or rest[0] != closing:
                raise ValueError(f"{first!r} is not closed")
            return inside + [Phrase()] * (first == "["), rest[1:]
        if first[0] == "{":
            return self._all(first, self._lists[first[1:-1]]), rest
        if first[0] == "<" and first[1:-1] in self._slots:
            return list(self._slot(first[1:-1])), rest
        return [Phrase((first,))], rest

    def _all(self, key: str, templates: Sequence[str]) -> list[Phrase]:
        if key not in self._known:
            self._known[key] = [phrase for each in templates for phrase in self.expand(each)]
        return self._known[key]

    def _slot(self, name: str) -> Iterator[Phrase]:
        for value, templates in self._slots[name].items():
            for phrase in self._all(f"<{name}={value}>", templates):
                yield phrase + Phrase((), ((name, value),))


def pattern(template: str) -> re.Pattern[str]:
    """A template with free slots as a pattern over words that each end in a space; slots are its groups."""
    forms = {"(": "(?:", "[": "(?:", "]": ")?", ")": ")", "|": "|"}
    return re.compile(
        "".join(
            forms.get(each) or (f"(?P{each}.+? )" if each[0] == "<" else re.escape(each) + " ")
            for each in _TOKEN.findall(template)
        )
    )
