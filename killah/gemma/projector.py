"""From a vector that says something in another space (a persona, a stretch of speech) to soft tokens."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from killah.gemma.gemma3 import Gemma3

DROPOUT = 0.1


class Projector(nn.Module):
    """LayerNorm, Linear(width, 2 D), GELU, Dropout, Linear(2 D, tokens D), LayerNorm; all in float32.

    D is the base's hidden size. The last LayerNorm sees each soft token on its own; `scale` brings its
    output to the size of the base's own embeddings, without which soft tokens are drowned out or drown out
    the rest (PPlug, arXiv 2409.11901, does the same).
    """

    def __init__(self, width: int, hidden: int, *, tokens: int = 1, scale: float = 1.0) -> None:
        super().__init__()
        self.norm_in = nn.LayerNorm(width)
        self.up = nn.Linear(width, 2 * hidden)
        self.dropout = nn.Dropout(DROPOUT)
        self.down = nn.Linear(2 * hidden, tokens * hidden)
        self.norm_out = nn.LayerNorm(hidden)
        self.scale = mx.array(scale)
        self.freeze(keys="scale", recurse=False)

    def __call__(self, x: mx.array) -> mx.array:
        """Vectors (..., width) -> soft tokens (..., tokens, hidden) in the residual stream's scale."""
        inner = self.down(self.dropout(nn.gelu(self.up(self.norm_in(x.astype(mx.float32))))))
        hidden = self.norm_out.weight.shape[0]
        return self.norm_out(inner.reshape(*x.shape[:-1], -1, hidden)) * self.scale


def embedding_scale(model: Gemma3) -> float:
    """Root mean square of an embedded token's numbers, over the vocabulary."""
    total, rows = 0.0, model.config.vocab_size
    for first in range(0, rows, 8192):  # a large vocabulary is not dequantised whole
        ids = mx.arange(first, min(first + 8192, rows))[None]
        total += float(np.array(mx.sum(mx.square(model.embed(ids).astype(mx.float32)))))
    return (total / (rows * model.config.hidden_size)) ** 0.5
