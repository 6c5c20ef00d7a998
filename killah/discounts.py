"""Discounts of modified Kneser-Ney smoothing, for n-grams of words and of tokens."""

import numpy as np

FALLBACK = (0.5, 1.0, 1.5)  # KenLM's, where a corpus is too small to estimate them


def discounts(counts: np.ndarray) -> np.ndarray:
    """What to subtract from each of `counts` (n-grams,): D1, D2 and D3+ of Chen and Goodman's equation 26."""
    n = [int((counts == k).sum()) for k in range(5)]
    found: tuple[float, ...] = FALLBACK
    if min(n[1:]) > 0:
        y = n[1] / (n[1] + 2 * n[2])
        estimated = tuple(k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3))
        if all(0 <= d <= k for k, d in enumerate(estimated, start=1)):
            found = estimated
    return np.array([0.0, *found])[np.minimum(counts, 3)]
