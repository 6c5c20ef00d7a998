"""How often the right one of several classes is named, and how evenly over the classes.

Of F1 = 2 hits / (named + there) a class, the macro average counts every class alike, however rare it is: what
always names the commonest gets little. Intervals resample clips.
"""

from collections.abc import Sequence

import numpy as np

from killah.metrics.intervals import RESAMPLES, Estimate, bootstrap


def accuracy(
    truths: Sequence[str], guesses: Sequence[str], *, level: float = 0.95, seed: int = 0
) -> Estimate:
    """Share of guesses that are right; both (clips,). Raises `ValueError` as `macro_f1` does."""
    _check(truths, guesses)
    hits = [truth == guess for truth, guess in zip(truths, guesses, strict=True)]
    return bootstrap(np.array(hits, float), level=level, seed=seed)


def macro_f1(
    truths: Sequence[str], guesses: Sequence[str], *, level: float = 0.95, seed: int = 0
) -> Estimate:
    """Mean F1 of the classes that are there or named, as scikit-learn's `average="macro"`; both (clips,).

    In a resample without a class, named or there, the others make the mean. Raises `ValueError` for no clips
    and for lists of unequal length.
    """
    _check(truths, guesses)
    classes = sorted({*truths, *guesses})
    there, named = (np.array([[c == item for item in items] for c in classes]) for items in (truths, guesses))
    counts = np.stack([2.0 * (there & named), there + named.astype(float)])  # (2, classes, clips)
    picks = np.random.default_rng(seed).integers(0, len(truths), (RESAMPLES, len(truths)))
    draws = [_mean(counts[:, :, pick].sum(axis=2)) for pick in picks]
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(_mean(counts.sum(axis=2)), float(low), float(high), len(truths))


def class_recall(truths: Sequence[str], guesses: Sequence[str]) -> dict[str, float]:
    """Of each class that is there, the share that was named so; both (clips,). Raises as `macro_f1` does."""
    _check(truths, guesses)
    return {
        each: sum(guess == each for truth, guess in zip(truths, guesses, strict=True) if truth == each)
        / sum(truth == each for truth in truths)
        for each in sorted(set(truths))
    }


def _mean(counts: np.ndarray) -> float:
    """Mean F1 of (2, classes): twice the hits, and named and there together."""
    double_hits, together = counts[:, counts[1] > 0]
    return float((double_hits / together).mean())


def _check(truths: Sequence[str], guesses: Sequence[str]) -> None:
    if len(truths) != len(guesses) or not len(truths):
        raise ValueError(f"{len(truths)} classes and {len(guesses)} guesses are not one of each a clip")
