"""What the tables of a language say (english.toml, russian.toml), read once."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from killah.audio.commands.templates import Templates

Language = Literal["en", "ru"]
LANGUAGES: tuple[Language, ...] = ("en", "ru")

_HERE = Path(__file__).parent
FILES: dict[Language, str] = {"en": "english", "ru": "russian"}

Words = tuple[str, ...]


@dataclass(frozen=True)
class Mark:
    """A mark of punctuation or a break: what is written, every way to say it, and words that stand beside it.

    What these mean is in marks.py; `sure` marks are hardly ever words.
    """

    text: str
    say: tuple[Words, ...]
    after: frozenset[str]
    then: frozenset[str]
    before: frozenset[str]
    sure: bool


@dataclass(frozen=True, eq=False)
class Table:
    """One language; there is one table of each.

    `commands` are as they stand in the file, `ordinary` common words like theirs. `parts` are words that name
    a part of a text or its place, `readings` the forms of instructions by what is to be done, `styles` what a
    rewriting is to be like, `then` words between two instructions.
    """

    language: Language
    templates: Templates
    polite: Mapping[str, tuple[Words, ...]]
    numbers: Mapping[str, int]
    marks: tuple[Mark, ...]
    text: Mapping[str, tuple[Words, ...]]
    directives: Mapping[str, tuple[Words, ...]]
    commands: tuple[Mapping[str, Any], ...]
    parts: Mapping[str, re.Pattern[str]]
    readings: Mapping[str, tuple[re.Pattern[str], ...]]
    styles: Mapping[str, re.Pattern[str]]
    then: tuple[Words, ...]
    ordinary: frozenset[str]

    def single(self, section: Mapping[str, tuple[Words, ...]], key: str) -> frozenset[str]:
        """The entries of a list that are one word."""
        return frozenset(words[0] for words in section[key] if len(words) == 1)


@cache
def table(language: Language) -> Table:
    """The table of a language."""
    name = FILES[language]
    raw = tomllib.loads((_HERE / f"{name}.toml").read_text("utf-8"))
    templates = Templates(raw["lists"], raw["slots"])
    return Table(
        language,
        templates,
        _split(raw["polite"]),
        raw["numbers"],
        tuple(_mark(each, templates) for each in raw["mark"]),
        _split(raw["text"]),
        _split(raw["directives"]),
        tuple(raw["command"]),
        {name: re.compile(form) for name, form in raw["parts"].items()},
        {name: tuple(map(re.compile, forms)) for name, forms in raw["readings"].items()},
        {name: re.compile(form) for name, form in raw["styles"].items()},
        tuple(tuple(each.split()) for each in raw["polite"]["then"]),
        frozenset((_HERE / f"{name}.txt").read_text("utf-8").split()),
    )


def _split(section: Mapping[str, Sequence[str]]) -> dict[str, tuple[Words, ...]]:
    return {key: tuple(tuple(each.split()) for each in entries) for key, entries in section.items()}


def _mark(raw: Mapping[str, Any], templates: Templates) -> Mark:
    said = tuple(phrase.words for each in raw["say"] for phrase in templates.expand(each))
    after = frozenset(
        raw.get("after", "").split() if isinstance(raw.get("after"), str) else raw.get("after", [])
    )
    then, before = frozenset(raw.get("then", [])), frozenset(raw.get("before", []))
    return Mark(raw["text"], said, after, then, before, raw.get("sure", False))
