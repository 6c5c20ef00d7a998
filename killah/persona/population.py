"""The reference population, author by author: where a writer stands among others.

`killah.persona.style` standardises passages by it; this module compares a writer's means with its authors'.
"""

import json
from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np

from killah.persona.style import REFERENCE, Language


@dataclass(frozen=True)
class Population:
    """Means of every reference author's passages, (authors, WIDTH); NaN is what the language does not have.

    `sentence_lengths` are shares of the bins of `killah.persona.rhythm`.
    """

    names: tuple[str, ...]
    means: np.ndarray
    sentence_lengths: np.ndarray

    @classmethod
    @cache
    def of(cls, language: Language) -> Self:
        """Read the shipped population of a language."""
        values = json.loads(REFERENCE.read_text("utf-8"))[language]
        means = np.array(list(values["authors"].values()), float)  # None becomes NaN
        return cls(tuple(values["authors"]), means, np.array(values["sentence_lengths"]))

    def percentiles(self, means: np.ndarray) -> np.ndarray:
        """Percent of the authors whose mean is below each of `means` (WIDTH,); equal ones count half."""
        return 50 * ((self.means < means).mean(axis=0) + (self.means <= means).mean(axis=0))
