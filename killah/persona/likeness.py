"""How much a text is written like its owner writes: 0 to 100, a typical text of the owner's own is near 75.

Method: the two-covariance model of speaker recognition (Ioffe 2006; Brümmer and de Villiers 2010), for
styles. `likeness.npz`, made by `python -m tools.style` from the reference population, holds for each language
a projection of style vectors into a space where passages of one author have covariance I and the authors'
means have the diagonal covariance b. There the mean e of a persona's n passages says that its own mean is

    N(b / (b + 1/n) e, b / (b n + 1)),

and a text of m passages with mean x has the log-likelihood ratio, summed over dimensions,

    r = log N(x; b / (b + 1/n) e, b / (b n + 1) + 1/m) - log N(x; 0, b + 1/m):

of coming from the owner against coming from anybody in the population.

How large r gets depends on the persona. So its own passages, each half compared with the other, give the
median r of the owner's, and the population gives the mean r of other writers. The score is logistic in r: 75
at the former (half a persona knows less than the whole: new text gets a little more) and 10 at the latter,
but never so steep that one standard deviation of the owner's own r is more than a logit.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from math import log
from pathlib import Path
from typing import Self

import numpy as np

from killah.persona import personas
from killah.persona.chunks import chunks
from killah.persona.store import Store
from killah.persona.style import FEATURES, LANGUAGES, Language, language, measure, standardise

MODEL = Path(__file__).with_name("likeness.npz")

SHORTEST, READ = 60, 300  # words: less says nothing; more than the last of them are not read
PASSAGE = 125  # words that count as one passage
LEAST, MOST = 5, 1000  # passages of a persona: fewer say nothing, of more a part says as much
LONGEST = 3  # passages in a text, at most

_OWN, _OTHERS = log(0.75 / 0.25), log(0.10 / 0.90)  # logits of the score


@dataclass(frozen=True)
class Space:
    """Where passages of one author have covariance I: centre (F,), projection (F, K), between b (K,)."""

    centre: np.ndarray
    projection: np.ndarray
    between: np.ndarray

    @classmethod
    @cache
    def of(cls, spoken: Language) -> Self:
        """The shipped space of a language."""
        with np.load(MODEL, allow_pickle=False) as values:
            names = ("centre", "projection", "between")
            return cls(*(values[f"{spoken}_{name}"].astype(np.float32) for name in names))

    def project(self, styles: np.ndarray) -> np.ndarray:
        """Standardised styles (n, WIDTH) in this space, (n, K). Rare words have long tails: arcsinh."""
        return (np.arcsinh(styles) - self.centre) @ self.projection

    def ratio(self, own: np.ndarray, passages: int, texts: np.ndarray, m: int) -> np.ndarray:
        """r of texts (t, K), means of `m` passages each, for a persona with mean `own` (K,) of `passages`."""
        mean, own_variance, variance = self._variances(own, passages, m)
        terms = np.log(variance / own_variance) - (texts - mean) ** 2 / own_variance + texts**2 / variance
        return terms.sum(axis=-1) / 2

    def expected(self, own: np.ndarray, passages: int, m: int) -> float:
        """The mean r of texts of the population: E x² is the variance, E (x - mean)² that and mean²."""
        mean, own_variance, variance = self._variances(own, passages, m)
        terms = np.log(variance / own_variance) - (variance + mean**2) / own_variance + 1
        return float(terms.sum() / 2)

    def _variances(self, own: np.ndarray, passages: int, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        b = self.between
        return b / (b + 1 / passages) * own, b / (b * passages + 1) + 1 / m, b + 1 / m


@dataclass(frozen=True)
class Scale:
    """From r to a score: `own` is the r of a typical text of the owner's, `slope` in logits."""

    own: float
    slope: float

    def score(self, ratio: float) -> int:
        """0 to 100."""
        logit = _OWN + self.slope * (ratio - self.own)
        return round(100 / (1 + np.exp(-np.clip(logit, -50, 50))))


@dataclass
class Persona:
    """A persona's passages of one language in its space, (n, K), in reading order."""

    space: Space
    passages: np.ndarray
    _scales: dict[int, Scale] = field(default_factory=dict)

    def score(self, text: np.ndarray, m: int) -> int:
        """The score of a text (K,), the mean of about `m` passages."""
        m = max(1, min(m, LONGEST, len(self.passages) // (2 * LONGEST)))
        if m not in self._scales:
            self._scales[m] = self._scale(m)
        ratio = self.space.ratio(self.passages.mean(axis=0), len(self.passages), text[None], m)
        return self._scales[m].score(float(ratio[0]))

    def _scale(self, m: int) -> Scale:
        """From own texts of `m` neighbouring passages, each half of the persona compared with the other."""
        halves = np.array_split(self.passages, 2)
        ratios = []
        for half, other in (halves, halves[::-1]):
            groups = np.array_split(half, max(1, len(half) // m))
            texts = np.stack([group.mean(axis=0) for group in groups])
            ratios.append(self.space.ratio(other.mean(axis=0), len(other), texts, m))
        found = np.concatenate(ratios)
        own = float(np.median(found))
        others = self.space.expected(self.passages.mean(axis=0), len(self.passages), m)
        steepest = 1 / max(float(found.std()), 1.0)
        return Scale(own, min((_OWN - _OTHERS) / max(own - others, 1e-6), steepest))


class Likeness:
    """Scores texts against one persona; a score takes about two milliseconds of work."""

    def __init__(self, personas: dict[Language, Persona]) -> None:
        self._personas = personas

    @classmethod
    def of(cls, styles: np.ndarray, documents: np.ndarray) -> Self:
        """Of a persona's standardised styles (n, WIDTH) and the numbers of their documents (n,)."""
        order = np.argsort(documents, kind="stable")
        styles = styles[order]
        found = {}
        for spoken in LANGUAGES:
            own = styles[written_in(spoken, styles)]
            if len(own) >= LEAST:
                space = Space.of(spoken)
                found[spoken] = Persona(space, space.project(own[_some(len(own))]))
        return cls(found)

    @classmethod
    def open(cls, persona: str) -> Self:
        """Of the persona of that name. Raises `KillahError` where there is none, or none measured yet."""
        with Store.open(personas.existing(persona)) as store:
            return cls.of(store.styles(), store.counted()[1])

    def score(self, text: str) -> int | None:
        """How much the end of `text` is like the owner; None for less than `SHORTEST` words.

        None also where the persona has fewer than `LEAST` passages in the language of the text.
        """
        reading = read(text)
        return reading and self.rate(reading)

    def rate(self, reading: "Reading") -> int | None:
        """`score` of a text that was read."""
        persona = self._personas.get(reading.language)
        if persona is None:
            return None
        projected = persona.space.project(reading.style[None])[0]
        return persona.score(projected, round(reading.words / PASSAGE))


@dataclass(frozen=True)
class Reading:
    """The end of a text: its language, mean standardised style (WIDTH,), and words."""

    language: Language
    style: np.ndarray
    words: int


def read(text: str) -> Reading | None:
    """Measure the last `READ` words of a text, passage by passage; None for less than `SHORTEST`."""
    ending = end(text)
    parts = chunks(ending)
    words = [len(part.split()) for part in parts]
    if sum(words) < SHORTEST:
        return None
    spoken = language(ending)
    styles = standardise(np.stack([measure(part) for part in parts]), spoken)
    return Reading(spoken, np.average(styles, axis=0, weights=words), sum(words))


def end(text: str) -> str:
    """The last `READ` words of a text, paragraphs kept."""
    tail = text[-READ * 12 :]
    found = [match.start() for match in re.finditer(r"\S+", tail)]
    return tail[found[-READ] :].rstrip() if len(found) > READ else tail.strip()


def written_in(spoken: Language, styles: np.ndarray) -> np.ndarray:
    """Which styles are of the language, (n,) bool: those whose features of the other language are neutral."""
    other = [place for place, feature in enumerate(FEATURES) if feature.language not in (None, spoken)]
    return (styles[:, other] == 0).all(axis=1)


def _some(count: int) -> np.ndarray:
    """At most `MOST` of `count` rows, in runs of `LONGEST`: neighbours are alike, as in a text."""
    runs = np.arange(count - count % LONGEST).reshape(-1, LONGEST)
    if count <= MOST:
        return np.arange(count)
    return runs[np.linspace(0, len(runs) - 1, MOST // LONGEST).astype(int)].ravel()
