"""The space in which authors lie apart: what `killah.persona.likeness` projects styles into."""

from collections.abc import Mapping, Sequence

import numpy as np

# Shrinkage of covariances towards their diagonals, chosen on reference authors left out of the fit.
WITHIN, BETWEEN = 0.1, 0.3
FLOOR = 0.01  # variance that every feature has at least
SMALLEST = 1e-3  # dimensions in which authors differ less, in units of the variance within, are dropped


def fit(styles: Sequence[np.ndarray]) -> Mapping[str, np.ndarray]:
    """`centre` (F,), `projection` (F, K) and `between` (K,) from each author's passages (n, F).

    The projection makes the pooled covariance of passages within authors I, and the covariance of authors'
    means, less what the passages' scatter adds to it, the diagonal `between`.
    """
    means = np.array([each.mean(axis=0) for each in styles])
    within = np.mean([np.cov(each.T) for each in styles], axis=0)
    scatter = np.mean([1 / len(each) for each in styles])
    between = _shrunk(np.cov(means.T) - scatter * within, BETWEEN)
    within = _shrunk(within, WITHIN) + FLOOR * np.eye(len(within))
    white = np.linalg.inv(np.linalg.cholesky(within))
    variances, directions = np.linalg.eigh(white @ between @ white.T)
    kept = variances > SMALLEST
    return {
        "centre": means.mean(axis=0).astype(np.float16),
        "projection": (white.T @ directions[:, kept]).astype(np.float16),
        "between": variances[kept].astype(np.float16),
    }


def _shrunk(covariance: np.ndarray, share: float) -> np.ndarray:
    diagonal = np.diag(np.maximum(np.diag(covariance), 0))
    return (1 - share) * covariance + share * diagonal
