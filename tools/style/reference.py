"""The reference population as one JSON object: what `killah.persona.style` and the profile compare with."""

from pathlib import Path
from typing import Any

import numpy as np

from killah.persona import style
from killah.persona.rhythm import histogram
from tools.style import population

PASSAGES = 300  # of an author at most
DIGITS = 3  # significant; a rate of 100 words is not known better

Passages = dict[str, list[str]]  # by author
Rates = dict[str, np.ndarray]  # plain features of an author's passages, (passages, WIDTH)


def read(data: Path, language: style.Language) -> Passages:
    """Passages of every author of a language under `data`."""
    # Dostoevsky's generals speak French: a passage in another language says nothing of this one.
    return {
        author: [each for each in population.passages(text, PASSAGES) if style.language(each) == language]
        for author, text in population.texts(data, language)
    }


def measure(passages: Passages) -> Rates:
    """The plain features of every passage."""
    return {
        author: np.stack([style.measure(each) for each in found]).astype(float)
        for author, found in passages.items()
    }


def describe(passages: Passages, rates: Rates) -> dict[str, Any]:
    """One language. Every author weighs alike in `mean`, `deviation` (of passages) and `sentence_lengths`."""
    means = {author: each.mean(axis=0) for author, each in rates.items()}
    mean = np.mean(list(means.values()), axis=0)
    spread = [((each - mean) ** 2).mean(axis=0) for each in rates.values()]
    deviation = np.sqrt(np.mean(spread, axis=0))
    return {
        "mean": _plain(mean),
        "deviation": _plain(np.where(deviation > 0, deviation, np.nan)),
        "sentence_lengths": _plain(np.mean([histogram(found) for found in passages.values()], axis=0)),
        "authors": {author: _plain(each) for author, each in means.items()},
    }


def _plain(values: np.ndarray) -> list[float | None]:
    """Rounded to `DIGITS` significant digits; None is what the language does not have."""
    return [None if np.isnan(value) else float(f"{value:.{DIGITS}g}") for value in values.tolist()]
