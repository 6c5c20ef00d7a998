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
    Fitted by Newton's method. Raises `ValueError` unless there are both right and wrong examples.
    """
    x = np.asarray(scores, dtype=np.float64)
    right = np.asarray(correct, dtype=bool)
    positives, negatives = int(right.sum()), int((~right).sum())
    if not positives or not negatives:
        raise ValueError("calibration needs both right and wrong examples")
    targets = np.where(right, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    # Centred and scaled for Newton's method only.
    centre, width = float(x.mean()), float(x.std()) or 1.0
    design = np.stack([np.ones_like(x), (x - centre) / width], axis=1)
    a, b = _newton(design, targets)
    return a - b * centre / width, b / width


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


def _newton(design: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
    """Minimise the logistic loss of `design` (examples, 2) against soft `targets`."""
    weights = np.zeros(2)
    for _ in range(_STEPS):
        p = sigmoid(design @ weights)
        curvature = (design * (p * (1 - p))[:, None]).T @ design + _TOLERANCE * np.eye(2)
        step = np.linalg.solve(curvature, design.T @ (p - targets))
        weights -= step
        if np.abs(step).max() < _TOLERANCE:
            break
    return float(weights[0]), float(weights[1])
