"""What Wav2Vec2 and Whisper share: activations, attention, transformer layers, masks.

In float32, which is what a CPU computes in, GELU and softmax are made of powers and divisions. MLX's `erf`
and `exp` take 25 and 12 ns a number on a CPU, these 3 and 4: of Wav2Vec2's convolutions GELU would be three
quarters, of attention the softmax.
"""

import math
from collections.abc import Callable
from typing import Literal

import mlx.core as mx
import mlx.nn as nn

# Abramowitz & Stegun 7.1.28 (Hastings 1955): erf(z) = 1 - 1 / (1 + a1 z + ... + a6 z^6)^16 + e, |e| <= 3e-7.
_ERF = (0.0705230784, 0.0422820123, 0.0092705272, 0.0001520143, 0.0002765672, 0.0000430638)
# The same polynomial of x = z sqrt(2), divided by 2^(-1/16), so that its 16th power is 2 / erfc.
_POLYNOMIAL = [2 ** (1 / 16) * a / math.sqrt(2) ** k for k, a in enumerate((1.0, *_ERF))]


def gelu(x: mx.array) -> mx.array:
    """x Phi(x) = max(x, 0) - |x| erfc(|x| / sqrt 2) / 2, exact to 1e-6 in float32."""
    if x.dtype != mx.float32:
        return nn.gelu(x)
    size = mx.abs(x)
    power = _POLYNOMIAL[-1] * size + _POLYNOMIAL[-2]
    for a in reversed(_POLYNOMIAL[:-2]):
        power = power * size + a
    for _ in range(4):  # the 16th; an infinite one leaves nothing of the tail, as it should
        power = mx.square(power)
    return mx.maximum(x, 0) - size / power


Activation = Literal["gelu", "relu"]  # by their names in a config.json
ACTIVATIONS: dict[Activation, Callable[[mx.array], mx.array]] = {"gelu": gelu, "relu": nn.relu}


BLOCK = 1 << 20  # scores of attention at a time: what is made of them fits into a CPU's cache


def softmax(scores: mx.array) -> mx.array:
    """exp(s - max) over its sum along the last axis, in float32, exact to 1e-6.

    exp(-y) is 1 / T(y / 32)^32 with T the Taylor series of exp to the fourth power: what it lacks grows with
    y slower than exp(-y) falls.
    """
    y = (mx.max(scores, axis=-1, keepdims=True) - scores) * (1 / 32)
    power = (((y / 24 + 1 / 6) * y + 1 / 2) * y + 1) * y + 1
    for _ in range(5):  # the 32nd; an infinite one gives nothing
        power = mx.square(power)
    weights = 1 / power
    return weights / mx.sum(weights, axis=-1, keepdims=True)


def attend(queries: mx.array, keys: mx.array, values: mx.array, mask: mx.array | None) -> mx.array:
    """Values by attention, all (batch, heads, frames, width); `mask` (frames, frames) is true where seen."""
    scale = queries.shape[-1] ** -0.5
    if queries.dtype != mx.float32:
        return mx.fast.scaled_dot_product_attention(queries, keys, values, scale=scale, mask=mask)
    rows = max(1, BLOCK // (keys.shape[1] * keys.shape[2]))
    found = []
    for first in range(0, queries.shape[2], rows):
        scores = (queries[:, :, first : first + rows] * scale) @ keys.swapaxes(-1, -2)
        if mask is not None:
            scores = mx.where(mask[first : first + rows], scores, -mx.inf)
        found.append(softmax(scores) @ values)
    return mx.concatenate(found, axis=2)


def context_mask(frames: int, left: int, right: int) -> mx.array:
    """(frames, frames) bool: frame i sees `left` frames before it, itself, and `right` after it."""
    offset = mx.arange(frames)[None] - mx.arange(frames)[:, None]
    return (offset >= -left) & (offset <= right)


class Attention(nn.Module):
    """Multi-head attention of all frames to all, or to those of a mask."""

    def __init__(self, width: int, heads: int, *, key_bias: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width, bias=key_bias)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def __call__(self, x: mx.array, mask: mx.array | None = None) -> mx.array:
        """(batch, frames, width) -> the same shape; `mask` (frames, frames): who sees whom."""
        batch, frames, width = x.shape
        queries, keys, values = (
            proj(x).reshape(batch, frames, self.heads, -1).transpose(0, 2, 1, 3)
            for proj in (self.q_proj, self.k_proj, self.v_proj)
        )
        out = attend(queries, keys, values, mask)
        return self.out_proj(out.transpose(0, 2, 1, 3).reshape(batch, frames, width))


class FeedForward(nn.Module):
    """Linear, activation, Linear."""

    def __init__(self, width: int, inner: int, activation: Activation = "gelu") -> None:
        super().__init__()
        self._activation = ACTIVATIONS[activation]
        self.intermediate_dense = nn.Linear(width, inner)
        self.output_dense = nn.Linear(inner, width)

    def __call__(self, x: mx.array) -> mx.array:
        """(..., width) -> (..., width)."""
        return self.output_dense(self._activation(self.intermediate_dense(x)))


class Layer(nn.Module):
    """A transformer layer with the norms before its halves (`norm_first`), or after them.

    Parameters have their names in transformers' Wav2Vec2; `layer_norm` belongs to the attention,
    `final_layer_norm` to the feed-forward half.
    """

    def __init__(
        self,
        width: int,
        inner: int,
        heads: int,
        *,
        eps: float,
        norm_first: bool,
        key_bias: bool = True,
        activation: Activation = "gelu",
    ) -> None:
        super().__init__()
        self.attention = Attention(width, heads, key_bias=key_bias)
        self.layer_norm = nn.LayerNorm(width, eps)
        self.feed_forward = FeedForward(width, inner, activation)
        self.final_layer_norm = nn.LayerNorm(width, eps)
        self._norm_first = norm_first

    def __call__(self, x: mx.array, mask: mx.array | None = None) -> mx.array:
        """(batch, frames, width) -> the same shape."""
        if self._norm_first:
            x = x + self.attention(self.layer_norm(x), mask)
            return x + self.feed_forward(self.final_layer_norm(x))
        x = self.layer_norm(x + self.attention(x, mask))
        return self.final_layer_norm(x + self.feed_forward(x))
