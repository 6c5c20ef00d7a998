"""How formal and how experimental a style is, and the min-p that follows from it.

min-p drops tokens less likely than a share of the likeliest (Nguyen et al. 2024, arXiv 2407.01082): a formal
writer stays with what is likely, an experimental one does not.

Formality is the mean z-score of what Heylighen and Dewaele (1999) find to go with it (nouns of abstraction,
long words, connectives) less what they find to go with talk (first and second person, contractions,
exclamations). Experiment is the mean z-score of variety: of sentences, of pauses, of vocabulary. Both are
standardised over the reference authors: the average author has 0, the spread is 1. Then

    min_p = 0.05 + 0.10 x Phi((formality - max(experiment, 0)) / sqrt 2),

Phi being the normal distribution function: it rises with formality, falls with experiment (monotony is not
formality: below average it counts as average) and stays between 0.05 and 0.15. Formal is 0.12 and more,
experimental 0.08 and less, and the average author has 0.10.
"""

from dataclasses import dataclass
from functools import cache
from math import sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np

from killah.persona.likeness import written_in
from killah.persona.population import Population
from killah.persona.style import FEATURES, PLACES, Language, reference

LEAST, MOST = 0.05, 0.15
FORMAL, EXPERIMENTAL = 0.12, 0.08  # from, to

_FORMALITY = {
    "word length": 1, "long words": 1, "abstract nouns": 1, "connectives": 1, "formal words": 1,
    "sentence length": 1, "contractions": -1, "plain words": -1, "exclamations": -1, "I": -1, "you": -1,
}  # fmt: skip
_EXPERIMENT = {
    "sentence variety": 1, "variety between marks": 1, "vocabulary": 1, "short sentences": 1,
    "short paragraphs": 1, "dashes": 1, "ellipses": 1, "hyphenated words": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Tone:
    """Standard deviations from the average reference author: 0 is average, above it more."""

    formality: float
    experiment: float

    @property
    def min_p(self) -> float:
        """Between 0.05 and 0.15: rises with formality, falls with experiment."""
        balance = (self.formality - max(self.experiment, 0.0)) / sqrt(2)
        return LEAST + (MOST - LEAST) * NormalDist().cdf(balance)

    @property
    def kind(self) -> Literal["formal", "neutral", "experimental"]:
        """What the balance of both makes of it."""
        if self.min_p >= FORMAL:
            return "formal"
        return "experimental" if self.min_p <= EXPERIMENTAL else "neutral"

    @property
    def reason(self) -> str:
        """Why `min_p` is what it is, in words."""
        return f"{self.kind}: {_than(self.formality, 'formal')} and {_than(self.experiment, 'experimental')}"


def tone(style: np.ndarray) -> Tone:
    """The tone of a mean of standardised style vectors, (WIDTH,)."""
    among = _among(spoken(style))
    return Tone(*(float((index(style, weights) - mean) / spread) for weights, mean, spread in among))


def whole(styles: np.ndarray) -> Tone:
    """The tone of a writer by standardised styles of passages, (n, WIDTH): those in the language of most."""
    russian = written_in("ru", styles)
    main = russian if 2 * russian.sum() > len(styles) else ~russian
    return tone(styles[main].mean(axis=0))


def index(styles: np.ndarray, weights: dict[str, int]) -> np.ndarray:
    """Mean of the weighted features of standardised styles, (..., WIDTH) -> (...)."""
    places = [PLACES[name] for name in weights]
    return styles[..., places] @ np.array(list(weights.values())) / len(weights)


def spoken(style: np.ndarray) -> Language:
    """The language of a standardised style (WIDTH,): the one whose function words are more in it."""
    share = {
        language: sum(abs(style[i]) for i, feature in enumerate(FEATURES) if feature.language == language)
        for language in ("en", "ru")
    }
    return "ru" if share["ru"] > share["en"] else "en"


@cache
def _among(language: Language) -> list[tuple[dict[str, int], float, float]]:
    """Weights, and mean and standard deviation of their index over the reference authors."""
    mean, deviation = reference(language)
    authors = np.nan_to_num((Population.of(language).means - mean) / deviation)
    found = ((weights, index(authors, weights)) for weights in (_FORMALITY, _EXPERIMENT))
    return [(weights, float(each.mean()), float(each.std())) for weights, each in found]


def _than(deviations: float, what: str) -> str:
    if abs(deviations) < 0.25:
        return f"as {what} as most"
    degree = "a little " if abs(deviations) < 0.75 else "much " if abs(deviations) >= 1.5 else ""
    return f"{degree}{'more' if deviations > 0 else 'less'} {what} than most"
