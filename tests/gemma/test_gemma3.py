"""The MLX port computes what transformers' Gemma 3 computes."""

import json

import mlx.core as mx
import numpy as np
import pytest
from mlx.utils import tree_unflatten

from killah.gemma.gemma3 import Config, Gemma3

TOLERANCE = 2e-3
SLIDING, GLOBAL = "sliding_attention", "full_attention"


@pytest.fixture(scope="module")
def pair():
    """A random Gemma 3 with a window of 16, in transformers and in MLX, both float32."""
    torch = pytest.importorskip("torch")
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    torch.manual_seed(0)
    hf_config = Gemma3TextConfig(
        vocab_size=300, hidden_size=64, intermediate_size=128, num_hidden_layers=4, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, query_pre_attn_scalar=16, sliding_window=16,
        layer_types=[SLIDING, SLIDING, GLOBAL, SLIDING], max_position_embeddings=256,
    )  # fmt: skip
    reference = Gemma3ForCausalLM(hf_config).eval()
    with torch.no_grad():
        for name, parameter in reference.named_parameters():
            parameter.copy_(torch.randn_like(parameter) * (0.2 if "norm" in name else 0.08))
    values = json.loads(hf_config.to_json_string())
    ours = Gemma3(Config.read(values))
    weights = {n: mx.array(p.detach().numpy()) for n, p in reference.named_parameters()}
    ours.update(tree_unflatten(list(weights.items())), strict=True)
    return reference, ours


def reference_logits(reference, ids: list[int]) -> np.ndarray:
    import torch

    with torch.no_grad():
        return reference(torch.tensor([ids])).logits[0].numpy()


IDS = np.random.default_rng(0).integers(3, 300, 90).tolist()


def test_whole_sequence_past_the_window(pair):
    reference, ours = pair
    got = np.array(ours(mx.array([IDS])))[0]
    assert np.abs(got - reference_logits(reference, IDS)).max() < TOLERANCE


def test_step_by_step_equals_whole(pair):
    reference, ours = pair
    cache = ours.make_cache()
    got = [np.array(ours(mx.array([[token]]), cache))[0, 0] for token in IDS]
    assert np.abs(np.stack(got) - reference_logits(reference, IDS)).max() < TOLERANCE


def test_blocks_across_the_window(pair):
    reference, ours = pair
    cache = ours.make_cache()
    parts = [
        np.array(ours(mx.array([IDS[a:b]]), cache))[0] for a, b in ((0, 10), (10, 40), (40, 41), (41, 90))
    ]
    assert np.abs(np.concatenate(parts) - reference_logits(reference, IDS)).max() < TOLERANCE


def test_trimmed_cache_goes_on_as_if_nothing_had_been_there(pair):
    reference, ours = pair
    cache = ours.make_cache()
    ours(mx.array([IDS]), cache)
    for layer in cache:
        layer.trim(30)
    other = [*IDS[:30], *IDS[60:80]]
    got = np.array(ours(mx.array([other[30:]]), cache))[0]
    assert np.abs(got - reference_logits(reference, other)[30:]).max() < TOLERANCE
