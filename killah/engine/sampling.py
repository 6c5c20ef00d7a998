"""From logits to a token: min-p as the default, mlx-lm's filters where a user asks for them."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mlx.core as mx

Filter = Callable[[mx.array], mx.array]

MIN_P = {"story": 0.08}  # where neither the user nor a persona has one
USUAL_MIN_P = 0.1
DOUBT = 2.0  # nats of entropy at which an adapted min-p is what was asked for


@dataclass(frozen=True)
class Sampling:
    """How to choose. Filters see the probabilities at temperature 1; temperature comes last.

    `min_p` None takes the persona's, or the task's; `adaptive` adjusts it to the model's own uncertainty.
    `seed` makes a run repeatable; None draws a fresh one.
    """

    min_p: float | None = None
    temperature: float = 0.9
    top_k: int = 0
    top_p: float = 0.0
    xtc_probability: float = 0.0
    xtc_threshold: float = 0.1
    repetition_penalty: float = 1.0
    seed: int | None = None
    adaptive: bool = False


def min_p(logprobs: mx.array, p: float | mx.array) -> mx.array:
    """Drop tokens less likely than `p` times the likeliest (Nguyen et al. 2024, arXiv 2407.01082).

    `logprobs` (..., vocabulary) need not be normalised; dropped entries become -inf. Sampling from the
    result is sampling from the renormalised rest.
    """
    if not isinstance(p, mx.array) and p <= 0:
        return logprobs
    threshold = mx.max(logprobs, axis=-1, keepdims=True) + mx.log(mx.array(p))
    return mx.where(logprobs < threshold, -mx.inf, logprobs)


def adapted(p: float, logprobs: mx.array) -> mx.array:
    """`p` for one step, a scalar: p * 2^(1 - 2 H / (H + H0)), H its entropy in nats, H0 = 2, at most one.

    Where the model is sure, what is unlikely is an error: up to 2 p. Where it hesitates there are many good
    ways to go on: down to p / 2. At two nats it is p. `logprobs` (vocabulary,) are normalised.
    """
    entropy = -mx.sum(mx.where(mx.isinf(logprobs), 0.0, mx.exp(logprobs) * logprobs))
    return mx.minimum(p * 2 ** (1 - 2 * entropy / (entropy + DOUBT)), 1.0)


class Sampler:
    """Draws tokens for one text, with its own random numbers."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._p = USUAL_MIN_P if sampling.min_p is None else sampling.min_p
        seed = sampling.seed if sampling.seed is not None else secrets.randbits(31)
        self._key = mx.random.key(seed)
        self._filters = _mlx_lm_filters(sampling, seed)
        self._penalise = _repetition(sampling.repetition_penalty)

    def __call__(self, logits: mx.array, history: Sequence[int]) -> mx.array:
        """One token, a scalar not yet computed, from logits (vocabulary,), given the ids before it.

        Entries of -inf are never drawn.
        """
        logits = self._penalise(logits.astype(mx.float32), history)
        if self._sampling.temperature == 0:
            return mx.argmax(logits)
        logprobs = logits - mx.logsumexp(logits)
        logprobs = min_p(logprobs, adapted(self._p, logprobs) if self._sampling.adaptive else self._p)
        for keep in self._filters:
            logprobs = keep(logprobs[None])[0]
        self._key, key = mx.random.split(self._key)
        return mx.random.categorical(logprobs / self._sampling.temperature, key=key)


def _mlx_lm_filters(sampling: Sampling, seed: int) -> list[Filter]:
    """Top-p, XTC and top-k; mlx-lm is imported only if one is wanted (it takes seconds)."""
    if not (sampling.top_p or sampling.top_k or sampling.xtc_probability):
        return []
    from mlx_lm import sample_utils as mlx_lm

    mx.random.seed(seed)  # XTC draws from MLX's global state
    filters: list[Filter] = []
    if 0 < sampling.top_p < 1:
        filters.append(lambda x: mlx_lm.apply_top_p(x, sampling.top_p))
    if sampling.xtc_probability:
        filters.append(lambda x: mlx_lm.apply_xtc(x, sampling.xtc_probability, sampling.xtc_threshold, []))
    if sampling.top_k:
        filters.append(lambda x: mlx_lm.apply_top_k(x, sampling.top_k))
    return filters


def _repetition(penalty: float) -> Callable[[mx.array, Sequence[int]], mx.array]:
    """mlx-lm's sign-aware repetition penalty over the last 64 ids."""
    if penalty == 1.0:
        return lambda logits, _: logits
    from mlx_lm.sample_utils import make_logits_processors

    (process,) = make_logits_processors(repetition_penalty=penalty, repetition_context_size=64)
    return lambda logits, history: process(mx.array(list(history)), logits[None])[0] if history else logits
