"""Gemma 3's text model in MLX (Gemma Team 2025, arXiv 2503.19786).

Parameter names are Hugging Face's. It differs from mlx-lm's module in what a writing assistant needs:
embeddings enter in the residual stream's own scale (no hidden multiplication), sliding layers read a
window of a full cache (so it can be trimmed), the head runs on the positions that are asked for.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import mlx.core as mx
import mlx.nn as nn
from mlx.nn.utils import checkpoint as checkpointed

from killah.gemma.cache import KVCache, Unkept
from killah.hub.files import read_json

GELU_SLOPE = 2 * math.sqrt(2 / math.pi)
LayerType = Literal["sliding_attention", "full_attention"]


@dataclass(frozen=True)
class Config:
    """The fields of config.json that shape the model; names as in Hugging Face's Gemma3TextConfig."""

    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    vocab_size: int
    sliding_window: int
    layer_types: list[LayerType]
    query_pre_attn_scalar: float
    rms_norm_eps: float = 1e-6
    rope_theta: float = 1_000_000.0
    rope_local_base_freq: float = 10_000.0
    rope_scaling: dict[str, Any] | None = None
    max_position_embeddings: int = 32_768
    eos_token_id: int | list[int] = field(default=1)

    @classmethod
    def read(cls, values: dict[str, Any]) -> "Config":
        """Take the known fields of a config.json."""
        return cls(**{k: v for k, v in values.items() if k in cls.__dataclass_fields__})

    @classmethod
    def of(cls, folder: Path) -> "Config":
        """That of a model folder. Raises `KillahError`."""
        return cls.read(read_json(folder / "config.json"))


class RMSNorm(nn.Module):
    """x / rms(x) * (1 + weight)."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = mx.zeros((width,))
        self.eps = eps

    def __call__(self, x: mx.array) -> mx.array:
        """Normalise the last axis."""
        return mx.fast.rms_norm(x, 1.0 + self.weight, self.eps)


class Attention(nn.Module):
    """Grouped-query attention with normalised queries and keys; sliding or global."""

    def __init__(self, config: Config, kind: LayerType) -> None:
        super().__init__()
        width, head = config.hidden_size, config.head_dim
        self.heads, self.kv_heads, self.head_dim = (
            config.num_attention_heads,
            config.num_key_value_heads,
            head,
        )
        self.scale = config.query_pre_attn_scalar**-0.5
        self.q_proj = nn.Linear(width, self.heads * head, bias=False)
        self.k_proj = nn.Linear(width, self.kv_heads * head, bias=False)
        self.v_proj = nn.Linear(width, self.kv_heads * head, bias=False)
        self.o_proj = nn.Linear(self.heads * head, width, bias=False)
        self.q_norm = RMSNorm(head, config.rms_norm_eps)
        self.k_norm = RMSNorm(head, config.rms_norm_eps)
        sliding = kind == "sliding_attention"
        self.window = config.sliding_window if sliding else None
        self.rope_base = config.rope_local_base_freq if sliding else config.rope_theta
        # Gemma 3 stretches only the global layers' positions (linear scaling, factor 8 in the 4B).
        self.rope_scale = 1.0 if sliding or not config.rope_scaling else 1.0 / config.rope_scaling["factor"]

    def _heads(self, x: mx.array, count: int) -> mx.array:
        return x.reshape(*x.shape[:2], count, self.head_dim).transpose(0, 2, 1, 3)

    def _rope(self, x: mx.array, offset: int) -> mx.array:
        return mx.fast.rope(
            x, self.head_dim, traditional=False, base=self.rope_base, scale=self.rope_scale, offset=offset
        )

    def __call__(self, x: mx.array, cache: KVCache | Unkept) -> mx.array:
        """New positions (batch, length, hidden) attend to the cache and themselves."""
        offset, length = cache.offset, x.shape[1]
        queries = self.q_norm(self._heads(self.q_proj(x), self.heads))
        keys = self.k_norm(self._heads(self.k_proj(x), self.kv_heads))
        turned = self._rope(mx.concatenate([queries, keys], axis=1), offset)  # one kernel for both
        queries, keys = turned[:, : self.heads], turned[:, self.heads :]
        keys, values = cache.append(keys, self._heads(self.v_proj(x), self.kv_heads))
        mask: mx.array | str | None = "causal" if length > 1 else None
        if self.window is not None and offset + length > self.window:
            # The oldest query sees `window` positions back; anything older is out of everyone's sight.
            first = max(0, offset + 1 - self.window)
            keys, values = keys[:, :, first:], values[:, :, first:]
            mask = _window_mask(offset - first, length, self.window) if length > 1 else None
        out = mx.fast.scaled_dot_product_attention(queries, keys, values, scale=self.scale, mask=mask)
        return self.o_proj(out.transpose(0, 2, 1, 3).reshape(*x.shape[:2], -1))


def _window_mask(offset: int, length: int, window: int) -> mx.array:
    """(length, offset + length) bool: query i at position offset + i sees its last `window` positions."""
    query = mx.arange(offset, offset + length)[:, None]
    key = mx.arange(offset + length)[None]
    return (key <= query) & (key > query - window)


class MLP(nn.Module):
    """Gated GELU (tanh form)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def __call__(self, x: mx.array) -> mx.array:
        """(..., hidden) -> (..., hidden)."""
        return self.down_proj(_gelu_tanh(self.gate_proj(x)) * self.up_proj(x))


def _gelu_tanh(x: mx.array) -> mx.array:
    """x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), written as x sigmoid(2 u): half the kernels."""
    return x * mx.sigmoid(x * (GELU_SLOPE + 0.044715 * GELU_SLOPE * (x * x)))


class Layer(nn.Module):
    """Attention and MLP, each between two norms."""

    def __init__(self, config: Config, kind: LayerType) -> None:
        super().__init__()
        self.self_attn = Attention(config, kind)
        self.mlp = MLP(config)
        width, eps = config.hidden_size, config.rms_norm_eps
        self.input_layernorm = RMSNorm(width, eps)
        self.post_attention_layernorm = RMSNorm(width, eps)
        self.pre_feedforward_layernorm = RMSNorm(width, eps)
        self.post_feedforward_layernorm = RMSNorm(width, eps)

    def __call__(self, x: mx.array, cache: KVCache | Unkept) -> mx.array:
        """(batch, length, hidden) -> the same shape; extends `cache`."""
        x = x + self.post_attention_layernorm(self.self_attn(self.input_layernorm(x), cache))
        return x + self.post_feedforward_layernorm(self.mlp(self.pre_feedforward_layernorm(x)))


class Trunk(nn.Module):
    """Embedding, layers, final norm: what Hugging Face calls `model`."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = [Layer(config, kind) for kind in config.layer_types]
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)


class Gemma3(nn.Module):
    """Decoder with tied embeddings."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.model = Trunk(config)
        self.cache_dtype: mx.Dtype | None = None  # keys and values are kept as they are computed

    def make_cache(self) -> list[KVCache]:
        """An empty cache for one sequence."""
        return [KVCache(self.cache_dtype) for _ in self.model.layers]

    def embed(self, ids: mx.array) -> mx.array:
        """Token ids (batch, length) -> (batch, length, hidden), in the residual stream's scale.

        Soft tokens are spliced in between such vectors, in the same scale.
        """
        x = self.model.embed_tokens(ids)
        return x * mx.array(self.config.hidden_size**0.5, x.dtype)

    def hidden(self, x: mx.array, cache: list[KVCache]) -> mx.array:
        """Embedded positions (batch, length, hidden) -> final hidden states; extends `cache`."""
        for layer, kv in zip(self.model.layers, cache, strict=True):
            x = layer(x, kv)
        return self.model.norm(x)

    def read_whole(self, x: mx.array, *, checkpoint: bool = False) -> mx.array:
        """Embedded sequences (batch, length, hidden) -> final hidden states, for training: nothing is cached.

        `checkpoint` keeps only what enters each layer and computes the rest again on the way back: memory of
        one layer's insides instead of all, for a third more time (Chen et al. 2016, arXiv 1604.06174).
        """
        for layer in self.model.layers:
            run = partial(layer, cache=Unkept())
            x = checkpointed(layer, _alike(run))(x) if checkpoint else run(x)
        return self.model.norm(x)

    def head(self, hidden: mx.array) -> mx.array:
        """Hidden states (..., hidden) -> logits (..., vocabulary)."""
        return self.model.embed_tokens.as_linear(hidden)

    def __call__(self, ids: mx.array, cache: list[KVCache] | None = None) -> mx.array:
        """Token ids (batch, length) -> logits (batch, length, vocabulary)."""
        return self.head(self.hidden(self.embed(ids), cache or self.make_cache()))


def _alike(run: Callable[[mx.array], mx.array]) -> Callable[[mx.array], mx.array]:
    """`run`, drawing the same noise each time: checkpointing computes it twice, with dropout in it."""
    state: Any = mx.random.state
    high, low = state[0].tolist()

    def again(x: mx.array) -> mx.array:
        mx.random.seed(high << 32 | low)
        return run(x)

    return again
