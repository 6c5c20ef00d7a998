"""What is faster than MLX's own on a CPU says the same."""

import mlx.core as mx
import numpy as np
import torch

from killah.audio.encoders.layers import gelu, softmax


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
