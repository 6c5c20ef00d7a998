"""Uncertainty: bootstrap over passages, Wilson's interval for a share of independent trials.

Words inside a passage are not independent, so a figure over passages is resampled by whole passages.
Every figure here is a ratio of sums over passages: bits over bytes, correct words over all words; a
plain mean has denominators of one. Percentile bootstrap: Efron and Tibshirani 1993, chapter 13.
"""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

RESAMPLES = 2000


@dataclass(frozen=True)
class Estimate:
    """A figure, its confidence interval, and the number of units it rests on."""

    value: float
    low: float
    high: float
    n: int


def bootstrap(
    numerators: ArrayLike, denominators: ArrayLike | None = None, *, level: float = 0.95, seed: int = 0
) -> Estimate:
    """sum(numerators) / sum(denominators), both (passages,); without denominators, the mean."""
    pairs = _pairs(numerators, denominators)
    draws = _resampled(pairs, np.random.default_rng(seed))
    return _percentiles(_ratio(pairs), draws, pairs.shape[1], level)


def bootstrap_paired(
    first: ArrayLike,
    second: ArrayLike,
    denominators: ArrayLike | None = None,
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Difference of two ratios measured on the same passages: first minus second, resampled together."""
    return bootstrap(_vector(first) - _vector(second), denominators, level=level, seed=seed)


def bootstrap_ratios(
    first: tuple[ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike],
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Difference of two ratios, (numerators, denominators) each, on the same passages: resampled together."""
    a, b = _pairs(*first), _pairs(*second)
    if a.shape != b.shape:
        raise ValueError("ratios of other passages cannot be resampled together")
    draws = _resampled(a, np.random.default_rng(seed)) - _resampled(b, np.random.default_rng(seed))
    return _percentiles(_ratio(a) - _ratio(b), draws, a.shape[1], level)


def wilson(successes: int, trials: int, *, level: float = 0.95) -> Estimate:
    """Score interval of a proportion of independent trials (Wilson 1927; no continuity correction)."""
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"{successes} successes of {trials} trials is no proportion")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = successes / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / (1 + z * z / trials)
    return Estimate(share, max(0.0, middle - half), min(1.0, middle + half), trials)


def _vector(values: ArrayLike) -> np.ndarray:
    return np.asarray(values, dtype=np.float64)


def _pairs(numerators: ArrayLike, denominators: ArrayLike | None) -> np.ndarray:
    """(2, passages) float64. Raises `ValueError` where no ratio can be taken."""
    top = _vector(numerators)
    bottom = np.ones_like(top) if denominators is None else _vector(denominators)
    if top.ndim != 1 or top.shape != bottom.shape or not len(top) or bottom.sum() == 0:
        raise ValueError("a ratio needs two equally long lists and a denominator above zero")
    return np.stack([top, bottom])


def _ratio(pairs: np.ndarray) -> float:
    top, bottom = pairs.sum(axis=1)
    return float(top / bottom)


def _resampled(pairs: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The ratio in each of `RESAMPLES` resamples, (RESAMPLES,); nan where its denominator is zero."""
    passages = pairs.shape[1]
    picks = random.integers(0, passages, (RESAMPLES, passages))
    top, bottom = pairs[:, picks].sum(axis=2)
    return np.divide(top, bottom, out=np.full(RESAMPLES, np.nan), where=bottom != 0)


def _percentiles(value: float, draws: np.ndarray, n: int, level: float) -> Estimate:
    # A resample of passages that all have nothing to count (0/0) says nothing about the ratio.
    low, high = np.nanquantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value, float(low), float(high), n)
