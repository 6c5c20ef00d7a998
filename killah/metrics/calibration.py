"""From a model's log-probability to the probability of being right, and how honest that is."""

import numpy as np
from numpy.typing import ArrayLike

_STEPS = 100
_TOLERANCE = 1e-12


def sigmoid(x: ArrayLike) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow."""
    return np.exp(-np.logaddexp(0.0, -np.asarray(x, dtype=np.float64)))


def fit_logistic(scores: ArrayLike, correct: ArrayLike) -> tuple[float, float]:
    """(intercept, slope) of P(correct) = sigmoid(intercept + slope * score): Platt scaling.

    Targets are smoothed as Platt (1999) does, so that scores which separate perfectly stay finite.
    Raises `ValueError` unless there are both right and wrong examples.
    """
    x = np.asarray(scores, dtype=np.float64)
    right = np.asarray(correct, dtype=bool)
    positives, negatives = int(right.sum()), int((~right).sum())
    if not positives or not negatives:
        raise ValueError("calibration needs both right and wrong examples")
    targets = np.where(right, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    intercept, (slope,) = regression(x[:, None], targets)
    return intercept, float(slope)


def regression(
    features: np.ndarray, targets: np.ndarray, ridge: float = _TOLERANCE
) -> tuple[float, np.ndarray]:
    """Intercept and weights (d,) of P(right) = sigmoid(intercept + features @ weights).

    `features` are (n, d), `targets` (n,) from 0 to 1. The weights that `ridge` keeps small are those of
    standardised features. Newton's method.
    """
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale == 0] = 1.0
    design = np.column_stack([np.ones(len(features)), (features - mean) / scale])
    penalty = ridge * np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    fitted = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        p = sigmoid(design @ fitted)
        curvature = (design * (p * (1 - p))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature, design.T @ (p - targets) + penalty @ fitted)
        fitted -= step
        if np.abs(step).max() < _TOLERANCE:
            break
    weights = fitted[1:] / scale
    return float(fitted[0] - mean @ weights), weights


def expected_calibration_error(probabilities: ArrayLike, correct: ArrayLike, bins: int = 10) -> float:
    """Mean distance between stated probability and share right, over equal bins (Guo et al. 2017, eq. 3)."""
    stated = np.asarray(probabilities, dtype=np.float64)
    right = np.asarray(correct, dtype=np.float64)
    if not len(stated):
        raise ValueError("calibration error needs at least one example")
    index = np.minimum((stated * bins).astype(int), bins - 1)
    distance = np.abs(np.bincount(index, stated - right, bins))
    return float(distance.sum() / len(stated))


def log_loss(probabilities: ArrayLike, correct: ArrayLike) -> float:
    """Mean negative log-likelihood of what happened, in nats: falls with calibration and with sharpness."""
    stated = np.asarray(probabilities, dtype=np.float64)
    if not len(stated):
        raise ValueError("log loss needs at least one example")
    happened = np.where(np.asarray(correct, dtype=bool), stated, 1 - stated)
    return float(-np.log(np.maximum(happened, _TOLERANCE)).mean())
