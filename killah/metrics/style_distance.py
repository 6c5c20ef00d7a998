"""How far apart two styles are, from z-scores of their features against a reference population.

A passage of 100 words is a noisy witness: compare a passage with the mean of many, or means with means.
"""

import numpy as np
from numpy.typing import ArrayLike


def burrows_delta(first: ArrayLike, second: ArrayLike) -> np.ndarray:
    """Mean absolute difference of z-scores over the last axis; (..., features) each, broadcast. 0 is equal.

    Burrows, "Delta: a measure of stylistic difference", Literary and Linguistic Computing 17(3), 2002; it is
    the Manhattan distance over the number of features (Argamon 2008, equation 2).
    """
    a, b = _together(first, second)
    return np.abs(a - b).mean(axis=-1)


def cosine_delta(first: ArrayLike, second: ArrayLike) -> np.ndarray:
    """1 - cosine of z-scores over the last axis; (..., features) each, broadcast. 0 is equal, 2 is opposite.

    Smith and Aldridge 2011; the most reliable of the deltas in Evert et al., "Understanding and explaining
    Delta measures for authorship attribution", Digital Scholarship in the Humanities 32, 2017. A vector
    without length has no direction: its distance to everything is 1.
    """
    a, b = _together(first, second)
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return 1 - (a * b).sum(axis=-1) / np.where(lengths > 0, lengths, 1)


def _together(first: ArrayLike, second: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if not a.ndim or not b.ndim or not a.shape[-1] or a.shape[-1] != b.shape[-1]:
        raise ValueError(f"{a.shape} and {b.shape} are no z-scores of the same features")
    return a, b
