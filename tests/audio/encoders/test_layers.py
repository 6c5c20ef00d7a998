"""What is faster than MLX's own on a CPU says the same."""

import mlx.core as mx
import numpy as np
import torch

from killah.audio.encoders import layers
from killah.audio.encoders.layers import attend, context_mask, gelu, softmax


def test_gelu_is_exact_everywhere():
    x = np.concatenate([np.linspace(-12, 12, 100_001), [-1e20, -100, 100, 1e20]]).astype(np.float32)
    exact = torch.nn.functional.gelu(torch.tensor(x, dtype=torch.float64)).numpy()
    assert np.abs((np.array(gelu(mx.array(x))) - exact) / np.maximum(np.abs(x), 1)).max() < 1e-6


def test_softmax_is_exact_for_close_and_for_distant_scores():
    rng = np.random.default_rng(0)
    for spread in (0.01, 1, 10, 100, 1000):
        scores = (spread * rng.normal(size=(50, 64))).astype(np.float32)
        scores[:, 7] = -np.inf  # masked
        exact = torch.tensor(scores, dtype=torch.float64).softmax(-1).numpy()
        found = np.array(softmax(mx.array(scores)))
        assert np.abs(found - exact).max() < 2e-6
        assert (found[:, 7] == 0).all()


def test_attention_in_blocks_is_attention(monkeypatch):
    """Long speech is attended to a few queries at a time, each with its part of the mask."""
    rng = np.random.default_rng(0)
    queries, keys, values = (rng.normal(size=(1, 3, 50, 8)).astype(np.float32) for _ in range(3))
    mask = context_mask(50, 9, 4)
    monkeypatch.setattr(layers, "BLOCK", 7 * 3 * 50)
    for seen in (None, mask):
        reference = torch.nn.functional.scaled_dot_product_attention(
            *(torch.tensor(x) for x in (queries, keys, values)),
            attn_mask=None if seen is None else torch.tensor(np.array(seen)),
        )
        found = attend(mx.array(queries), mx.array(keys), mx.array(values), seen)
        assert np.abs(np.array(found) - reference.numpy()).max() < 1e-5
