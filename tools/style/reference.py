"""The reference population as one JSON object: what `killah.persona.style` and the profile compare with."""

from pathlib import Path
from typing import Any

import numpy as np

from killah.persona import style
from killah.persona.rhythm import histogram
from tools.style import population

PASSAGES = 300  # of an author at most
DIGITS = 3  # significant; a rate of 100 words is not known better


def build(data: Path, count: int = PASSAGES) -> dict[str, Any]:
    """Measure `count` passages of every author of every language under `data`."""
    return {
        "version": style.VERSION,
        "features": list(style.PLACES),
        **{language: _language(data, language, count) for language in style.LANGUAGES},
    }


def _language(data: Path, language: style.Language, count: int) -> dict[str, Any]:
    """Every author weighs alike in `mean` and `deviation` (of passages) and `sentence_lengths` (shares)."""
    measured: dict[str, np.ndarray] = {}
    lengths = []
    for author, text in population.texts(data, language):
        # Dostoevsky's generals speak French: a passage in another language says nothing of this one.
        found = [p for p in population.passages(text, count) if style.language(p) == language]
        measured[author] = np.stack([style.measure(each) for each in found]).astype(float)
        lengths.append(histogram(found))
    means = {author: rates.mean(axis=0) for author, rates in measured.items()}
    mean = np.mean(list(means.values()), axis=0)
    spread = [((rates - mean) ** 2).mean(axis=0) for rates in measured.values()]
    deviation = np.sqrt(np.mean(spread, axis=0))
    return {
        "mean": _plain(mean),
        "deviation": _plain(np.where(deviation > 0, deviation, np.nan)),
        "sentence_lengths": _plain(np.mean(lengths, axis=0)),
        "authors": {author: _plain(each) for author, each in means.items()},
    }


def _plain(values: np.ndarray) -> list[float | None]:
    """Rounded to `DIGITS` significant digits; None is what the language does not have."""
    return [None if np.isnan(value) else float(f"{value:.{DIGITS}g}") for value in values.tolist()]
