"""Ghost text measured through the engine, exactly as the editor asks for it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np

from killah.config import Settings
from killah.engine import Engine, Ghost
from killah.metrics.keystrokes import Suggest
from killah.metrics.words import first_word_matches

Kind = Literal["next_word", "after_space", "mid_word"]

CONTEXT = 200  # characters before the first caret of a passage
# Where a caret may stand: a word is over and its space not typed yet; the space is typed; inside a word.
_PLACES: dict[Kind, re.Pattern[str]] = {
    "next_word": re.compile(r"(?<=\w)(?=\s+\w)"),
    "after_space": re.compile(r"(?<=\w\s)(?=\w)"),
    "mid_word": re.compile(r"(?<=\w)(?=\w)"),
}
KINDS: tuple[Kind, ...] = tuple(_PLACES)


@dataclass(frozen=True)
class Caret:
    """A place in a passage where ghost text is asked for."""

    kind: Kind
    position: int


@dataclass(frozen=True)
class Asked:
    """What the engine said at a caret: the gate's probability of its first word, and was it right.

    `right` is None where the model suggests no word at all (it expects the end of the paragraph).
    """

    caret: Caret
    probability: float
    right: bool | None


@contextmanager
def opened(model: str, precision: float) -> Iterator[Engine]:
    """An engine with shipped settings and no persona; `precision` 0 opens the gate."""
    with Engine(Settings(model=model, ghost_precision=precision, passages=0)) as engine:
        yield engine


def carets(text: str, each: int, random: np.random.Generator) -> list[Caret]:
    """Up to `each` carets of every kind, drawn evenly, in the order of the text."""
    found: list[Caret] = []
    for kind, place in _PLACES.items():
        positions = [m.start() for m in place.finditer(text) if m.start() >= CONTEXT]
        drawn = random.permutation(positions)[:each]
        found += [Caret(kind, int(position)) for position in drawn]
    return sorted(found, key=lambda caret: caret.position)


def any_carets(text: str, number: int, random: np.random.Generator) -> list[Caret]:
    """Up to `number` carets of any kind, each keystroke as likely as another."""
    every = carets(text, len(text), random)
    return sorted(
        (every[i] for i in random.permutation(len(every))[:number]), key=lambda caret: caret.position
    )


def ask(engine: Engine, text: str, caret: Caret) -> Asked:
    """The first word that an engine without a gate suggests at `caret`."""
    before, rest = text[: caret.position], text[caret.position :]
    ghost = _first(engine, before)
    if ghost is None:
        return Asked(caret, 0.0, None)
    return Asked(caret, ghost.probability, first_word_matches(ghost.text, rest))


def suggester(engine: Engine) -> Suggest:
    """Text before the caret -> the engine's whole suggestion, none or one; asks once for each text."""
    known: dict[str, list[str]] = {}

    def suggest(before: str) -> list[str]:
        if before not in known:
            ghosts = engine.ghost(before, len(before)).result()
            known[before] = [ghosts[-1].text] if ghosts else []
        return known[before]

    return suggest


def span(text: str, length: int) -> tuple[int, int]:
    """About `length` characters from the middle of a passage, from a word's start to a word's end."""
    start = _next_space(text, max(0, len(text) // 2 - 1))
    return start, _next_space(text, min(len(text), start + length))


def _next_space(text: str, position: int) -> int:
    found = re.compile(r"\s|\Z").search(text, position)
    return found.start() if found else len(text)


def _first(engine: Engine, before: str) -> Ghost | None:
    job = engine.ghost(before, len(before))
    for ghost in job:
        job.cancel()
        return ghost
    return None
