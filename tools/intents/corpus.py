"""Utterances to train the model of intents on: made instructions, and real and made sentences that are none.

Instructions and their look-alikes come from the templates in english.toml and russian.toml, filled with words
of real text, so that only their form tells them apart. A fifth of the templates can be held out whole.
"""

import random
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from killah.audio.commands.grammar import lowered, tokens
from killah.audio.commands.tables import FILES, Language, table
from tools.intents.corpora import posts, prose, split, turns

HELD_OUT = 5  # every fifth template
POLITE, MISHEARD = 0.2, 0.25  # shares of made utterances with courtesy, and with letters heard wrongly

_HERE = Path(__file__).parent
_CHOICE = re.compile(r"\(([^()\[\]]*)\)|\[([^()\[\]]*)\]")
_NAMED = re.compile(r"\{(\w+)\}")
_PIECE = re.compile(r"[,;:—.!?“”\"«»()]+")
_LETTERS = {"en": "abcdefghijklmnopqrstuvwxyz", "ru": "абвгдежзийклмнопрстуфхцчшщыьэюя"}


@dataclass(frozen=True)
class Example:
    """An utterance, what it asks for ("" for dictated text), and the kind of source it is from.

    `held_out` ones are of a template in five, which a fit that is to be judged does not see.
    """

    said: str
    asked: str
    kind: str
    held_out: bool = False


def made(language: Language, count: int, chance: random.Random, filler: "Filler") -> Iterator[Example]:
    """`count` utterances of templates: half are instructions.

    The others are look-alikes, and instructions about chairs and doors: their templates with the lists of
    `mirror` in place of what can be said of a text.
    """
    grammar = _grammar(language)
    lists, mirror = grammar["mirror"] | grammar["lists"], grammar["lists"] | grammar["mirror"]
    things = {word for each in grammar["mirror"].values() for word in each}
    asked = _templates(grammar["instructions"])
    of_things = [each for each in asked if _about_a_text(each.said, grammar["mirror"], language)]
    for kind, templates, known, share in (
        ("instructions", _even(asked), lists, 0.5),
        ("of things", [replace(each, asked="") for each in of_things], mirror, 0.2),
        ("look-alikes", _templates({"": [*chain(*grammar["lookalikes"].values())]}), lists, 0.3),
    ):
        for number in range(round(count * share)):
            template = templates[number % len(templates)]
            said = filler.fill(template.said, known, chance)
            if kind == "of things" and things.isdisjoint(said.split()):
                continue
            said = _polite(said, language, chance) if chance.random() < POLITE else said
            yield replace(template, said=misheard(said, language, chance), kind=kind)


def real(data: Path, language: Language, *, held_out: bool, every: int = 1) -> Iterator[Example]:
    """Sentences of one paragraph in `every`, and their pieces between marks; those like instructions apart.

    Of talk and guides, which are few, every one.
    """
    sources = {"prose": split(prose(data, language, held_out=held_out), every)}
    if language == "en":
        sources["dialogue"] = split(turns(data, held_out=held_out), 2)
        sources["guides"] = split(posts(data, held_out=held_out))
    first = verbs(language)
    for kind, sentences in sources.items():
        for sentence in sentences:
            pieces = [piece.strip() for piece in _PIECE.split(sentence)]
            for said in dict.fromkeys([sentence, *pieces]):
                if words := lowered(tokens(said)):
                    yield Example(said, "", "imperative" if words[0] in first else kind)


def misheard(said: str, language: Language, chance: random.Random) -> str:
    """With some letters dropped, doubled or swapped for others, as a small recogniser does; mostly none."""
    if chance.random() > MISHEARD or len(said) < 4:
        return said
    for _ in range(chance.choice((1, 1, 2, 3))):
        place = chance.randrange(len(said))
        heard = chance.choice(("", said[place] * 2, chance.choice(_LETTERS[language])))
        said = said[:place] + heard + said[place + 1 :]
    return " ".join(said.split())


@cache
def verbs(language: Language) -> frozenset[str]:
    """The words that made instructions begin with."""
    grammar = _grammar(language)
    filler, chance = Filler(["x x x x"]), random.Random(0)
    drawn = (
        filler.fill(each.said, grammar["lists"], chance)
        for each in _templates(grammar["instructions"])
        for _ in range(20)
    )
    return frozenset(lowered([words.split()[0] for words in drawn])) - {"x", "the", "a", "i", "this", "it"}


class Filler:
    """Fills templates with words of real text."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._words = [words for text in texts if len(words := lowered(tokens(text))) > 3]

    def fill(self, template: str, lists: Mapping[str, list[str]], chance: random.Random) -> str:
        """One way to say a template."""
        said = template
        while found := _CHOICE.search(said) or _NAMED.search(said):
            said = said[: found.start()] + self._part(found, lists, chance) + said[found.end() :]
        return " ".join(said.split())

    def _part(self, found: re.Match[str], lists: Mapping[str, list[str]], chance: random.Random) -> str:
        if found.re is _CHOICE:
            left_out = found[1] is None and chance.random() < 0.5
            return "" if left_out else chance.choice((found[1] or found[2] or "").split("|"))
        if found[1] in lists:
            return chance.choice(lists[found[1]])
        size = {"word": 1, "topic": chance.choice((1, 1, 2)), "words": chance.choice((1, 1, 2, 3))}[found[1]]
        sentence = chance.choice(self._words)
        start = chance.randrange(max(1, len(sentence) - size))
        return " ".join(sentence[start : start + size])


def _templates(groups: Mapping[str, list[str]]) -> list[Example]:
    named = [(name, template) for name, group in groups.items() for template in group]
    return [Example(said, name, "", number % HELD_OUT == 0) for number, (name, said) in enumerate(named)]


def _even(templates: list[Example]) -> list[Example]:
    """Those of small groups three times, so that none is rare."""
    sizes = Counter(each.asked for each in templates)
    return [each for each in templates for _ in range(3 if sizes[each.asked] < 15 else 1)]


def _about_a_text(template: str, mirror: Mapping[str, list[str]], language: Language) -> bool:
    """Whether all that is said of a text in a template is in lists that have a mirror."""
    named = set(_NAMED.findall(template))
    literal = re.findall(r"\w+", _NAMED.sub(" ", template))
    units = [table(language).parts[unit] for unit in ("word", "sentence", "paragraph", "line", "all")]
    of_a_text = any(form.fullmatch(word) for form in units for word in literal)
    return bool(named & mirror.keys()) and "form" not in named and not of_a_text


def _polite(said: str, language: Language, chance: random.Random) -> str:
    polite = table(language).polite
    before = " ".join(chance.choice(polite["before"] + polite["asking"]))
    after = " ".join(chance.choice(polite["after"]))
    return f"{before} {said}" if chance.random() < 0.6 else f"{said} {after}"


@cache
def _grammar(language: Language) -> dict[str, Any]:
    return tomllib.loads((_HERE / f"{FILES[language]}.toml").read_text("utf-8"))
