"""Whether a passage is a writer's or another's, by style vectors: the two-covariance model.

A passage differs from the population's mean (0, by construction of `style.standardise`) by who wrote it and
by which of the writer's passages it is. Both are normal, with covariances B (of writers, from the reference
population) and W (of passages of one writer), so that the likelihood ratio has a closed form (probabilistic
linear discriminant analysis: Ioffe 2006, Prince and Elder 2007). What is like neither, as noise is, is more
likely another's. W is estimated from the writer's own passages and drawn towards its diagonal by the share of
Schaefer and Strimmer (2005, equation 8, for correlations).
"""

import json
from dataclasses import dataclass
from functools import cache

import numpy as np

from killah.persona import style
from killah.persona.chunks import chunks
from killah.persona.style import Language

SHORTEST = 60  # words; fewer have no style yet
FLOOR = 0.05  # variance of a feature, for those a writer never varies
PRIOR = 60  # passages
DOUBT = 0.2  # variance added to both sides: what so many features say together is not to be trusted fully


@dataclass(frozen=True)
class _Normal:
    """A normal distribution of style vectors."""

    mean: np.ndarray  # (WIDTH,)
    precision: np.ndarray  # (WIDTH, WIDTH)
    log_determinant: float  # of the covariance

    @classmethod
    def of(cls, mean: np.ndarray, covariance: np.ndarray) -> "_Normal":
        covariance = covariance + DOUBT * np.eye(len(mean))
        return cls(mean, np.linalg.inv(covariance), float(np.linalg.slogdet(covariance)[1]))

    def log_density(self, values: np.ndarray) -> np.ndarray:
        """Of (n, WIDTH), but for a constant, (n,)."""
        off = values - self.mean
        return -(np.einsum("nf,fg,ng->n", off, self.precision, off, optimize=True) + self.log_determinant) / 2


@dataclass(frozen=True)
class Authorship:
    """`probability` that passages are the writer's and not another's, both being as likely beforehand."""

    writer: _Normal
    others: _Normal

    @classmethod
    def of(cls, styles: np.ndarray, spoken: Language) -> "Authorship":
        """From a writer's standardised style vectors (n, WIDTH), n at least 2."""
        values = styles.astype(np.float64)
        mean, within, between = values.mean(axis=0), _within(values), _between(spoken)
        # Of n noisy passages the mean is longer than the writer's own; noise is taken off (James-Stein).
        noise = values.var(axis=0).sum() / len(values)
        mean *= max(0.0, 1 - noise / max(float(mean @ mean), 1e-9))
        return cls(_Normal.of(mean, within + between / len(values)), _Normal.of(0 * mean, within + between))

    def log_odds(self, styles: np.ndarray) -> np.ndarray:
        """Of passages (n, WIDTH): above 0 where they are more likely the writer's, (n,)."""
        return self.writer.log_density(styles) - self.others.log_density(styles)

    def probability(self, styles: np.ndarray) -> np.ndarray:
        """Of passages (n, WIDTH), each for itself, (n,)."""
        return 1 / (1 + np.exp(-np.clip(self.log_odds(styles), -50, 50)))


def passages(texts: list[str]) -> list[str]:
    """Texts joined and cut into passages that are long enough to have a style."""
    return [each for each in chunks("\n\n".join(texts)) if len(each.split()) >= SHORTEST]


def styles(found: list[str], spoken: Language) -> np.ndarray:
    """Standardised style vectors of passages, (n, WIDTH)."""
    raw = np.array([style.measure(each) for each in found], np.float32).reshape(-1, style.WIDTH)
    return style.standardise(raw, spoken)


def _within(values: np.ndarray) -> np.ndarray:
    """Covariance (WIDTH, WIDTH) of one writer's passages, an average writer's counted as `PRIOR` of them."""
    return (len(values) * _shrunken(values) + PRIOR * np.eye(values.shape[1])) / (len(values) + PRIOR)


def _shrunken(values: np.ndarray) -> np.ndarray:
    """Covariance (width, width) of values (n, width), its correlations drawn towards none."""
    count = len(values)
    centred = values - values.mean(axis=0)
    deviation = np.sqrt(np.maximum(centred.var(axis=0), FLOOR))
    z = centred / deviation
    products = z.T @ z / count
    # Variance of each estimated correlation over its square, summed over all pairs.
    spread = ((z**2).T @ (z**2) / count - products**2) / count
    off = ~np.eye(values.shape[1], dtype=bool)
    share = min(1.0, float(spread[off].sum() / max((products[off] ** 2).sum(), 1e-9)))
    correlation = np.where(off, (1 - share) * products, 1.0)
    return correlation * np.outer(deviation, deviation)


@cache
def _between(spoken: Language) -> np.ndarray:
    """Covariance (WIDTH, WIDTH) of the reference writers' means."""
    means = np.array(
        [
            [np.nan if value is None else value for value in author]
            for author in json.loads(style.REFERENCE.read_text("utf-8"))[spoken]["authors"].values()
        ],
        np.float32,
    )
    return np.cov(style.standardise(means, spoken), rowvar=False)
