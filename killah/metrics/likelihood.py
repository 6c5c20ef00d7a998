"""How well a model predicts text. Bits per byte do not depend on its tokenizer; perplexity does.

Arguments are totals of each passage, (passages,): nats of negative log-likelihood, UTF-8 bytes, tokens.
"""

from collections.abc import Callable
from dataclasses import replace
from math import exp, expm1, log

import numpy as np
from numpy.typing import ArrayLike

from killah.metrics.intervals import Estimate, bootstrap, bootstrap_paired


def bits_per_byte(nats: ArrayLike, sizes: ArrayLike, *, seed: int = 0) -> Estimate:
    """Bits a byte of text costs."""
    return bootstrap(np.asarray(nats) / log(2), sizes, seed=seed)


def bits_per_byte_gap(nats: ArrayLike, others: ArrayLike, sizes: ArrayLike, *, seed: int = 0) -> Estimate:
    """Bits per byte less those of another model on the same passages; below zero is better."""
    return bootstrap_paired(np.asarray(nats) / log(2), np.asarray(others) / log(2), sizes, seed=seed)


def perplexity(nats: ArrayLike, tokens: ArrayLike, *, seed: int = 0) -> Estimate:
    """exp of the mean negative log-likelihood of a token."""
    return _through(exp, bootstrap(nats, tokens, seed=seed))


def perplexity_rise(nats: ArrayLike, others: ArrayLike, tokens: ArrayLike, *, seed: int = 0) -> Estimate:
    """Per cent by which perplexity is above that of another model on the same tokens."""
    return _through(lambda x: 100 * expm1(x), bootstrap_paired(nats, others, tokens, seed=seed))


def _through(function: Callable[[float], float], estimate: Estimate) -> Estimate:
    """The estimate of a growing function of what was estimated."""
    value, low, high = (function(x) for x in (estimate.value, estimate.low, estimate.high))
    return replace(estimate, value=value, low=low, high=high)
