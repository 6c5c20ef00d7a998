"""Gemma 3's text model in torch, written so that ExecuTorch's delegates take nearly all of it.

It computes what `killah.gemma.gemma3` computes. Keys and values live in buffers, which an exported program
carries as mutable state; every layer keeps every position, sliding layers see a window of them.
"""

import torch
import torch.nn.functional as F
from executorch.extension.llm.custom_ops import custom_ops  # noqa: F401 - the llama operators
from torch import Tensor, nn

from killah.export.executorch.layers import AdaptedLinear, RMSNorm, linear
from killah.export.executorch.manifest import Attention
from killah.gemma.gemma3 import Config, LayerType


class SelfAttention(nn.Module):
    """Grouped-query attention with normalised queries and keys over a static cache."""

    q_proj: nn.Linear
    k_proj: nn.Linear
    v_proj: nn.Linear
    o_proj: nn.Linear
    k_cache: Tensor
    v_cache: Tensor

    def __init__(
        self, config: Config, kind: LayerType, weights: dict[str, Tensor], context: int, how: Attention
    ) -> None:
        super().__init__()
        self.heads, self.kv_heads = config.num_attention_heads, config.num_key_value_heads
        self.head_dim, self.scale = config.head_dim, config.query_pre_attn_scalar**-0.5
        self.sliding, self.how = kind == "sliding_attention", how
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            setattr(self, name, linear(weights[f"{name}.weight"]))
        eps, product = config.rms_norm_eps, how == "fused"
        self.q_norm = RMSNorm(weights["q_norm.weight"], eps, as_product=product)
        self.k_norm = RMSNorm(weights["k_norm.weight"], eps, as_product=product)
        shape = (1, context, self.kv_heads, self.head_dim)
        if how == "plain":
            shape = (1, self.kv_heads, context, self.head_dim)
        self.register_buffer("k_cache", torch.zeros(shape), persistent=False)
        self.register_buffer("v_cache", torch.zeros(shape), persistent=False)

    def forward(
        self, x: Tensor, position: Tensor, start: int | None, turn: tuple[Tensor, Tensor], mask: Tensor | None
    ) -> Tensor:
        """New positions (1, n, hidden) attend to the cache, which they enter first."""
        length = x.shape[1]
        q = _turned(self.q_norm(self._split(self.q_proj(x), self.heads)), *turn)
        k = _turned(self.k_norm(self._split(self.k_proj(x), self.kv_heads)), *turn)
        v = self._split(self.v_proj(x), self.kv_heads)
        y = self._fused(q, k, v, start, mask) if self.how == "fused" else self._plain(q, k, v, position, mask)
        return self.o_proj(y.reshape(1, length, self.heads * self.head_dim))

    def _split(self, x: Tensor, heads: int) -> Tensor:
        return x.view(1, x.shape[1], heads, self.head_dim)

    def _fused(self, q: Tensor, k: Tensor, v: Tensor, start: int | None, mask: Tensor | None) -> Tensor:
        torch.ops.llama.update_cache(k, self.k_cache, start)
        torch.ops.llama.update_cache(v, self.v_cache, start)
        causal = not self.sliding  # a sliding layer's mask says both
        at = start if causal else 0
        return torch.ops.llama.custom_sdpa(q, self.k_cache, self.v_cache, at, mask, 0.0, causal, self.scale)

    def _plain(self, q: Tensor, k: Tensor, v: Tensor, position: Tensor, mask: Tensor | None) -> Tensor:
        self.k_cache.index_copy_(2, position, k.transpose(1, 2))
        self.v_cache.index_copy_(2, position, v.transpose(1, 2))
        shared = self.heads // self.kv_heads
        keys, values = self.k_cache, self.v_cache
        if shared > 1:
            keys, values = keys.repeat_interleave(shared, 1), values.repeat_interleave(shared, 1)
        y = F.scaled_dot_product_attention(q.transpose(1, 2), keys, values, attn_mask=mask, scale=self.scale)
        return y.transpose(1, 2)


class MLP(nn.Module):
    """Gated GELU, its tanh written out: XNNPACK would silently take the exact GELU for it."""

    gate_proj: nn.Linear
    up_proj: nn.Linear
    down_proj: nn.Linear

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        for name in ("gate_proj", "up_proj", "down_proj"):
            setattr(self, name, linear(weights[f"{name}.weight"]))

    def forward(self, x: Tensor) -> Tensor:
        """(..., hidden) -> (..., hidden)."""
        g = self.gate_proj(x)
        g = 0.5 * g * (1.0 + torch.tanh(0.7978845608028654 * (g + 0.044715 * g * g * g)))
        return self.down_proj(g * self.up_proj(x))


class Layer(nn.Module):
    """Attention and MLP, each between two norms."""

    input_layernorm: RMSNorm
    post_attention_layernorm: RMSNorm
    pre_feedforward_layernorm: RMSNorm
    post_feedforward_layernorm: RMSNorm

    def __init__(
        self, config: Config, kind: LayerType, weights: dict[str, Tensor], context: int, how: Attention
    ) -> None:
        super().__init__()
        self.self_attn = SelfAttention(config, kind, _under(weights, "self_attn."), context, how)
        self.mlp = MLP(_under(weights, "mlp."))
        for name in (
            "input_layernorm",
            "post_attention_layernorm",
            "pre_feedforward_layernorm",
            "post_feedforward_layernorm",
        ):
            norm = RMSNorm(weights[f"{name}.weight"], config.rms_norm_eps, as_product=how == "fused")
            setattr(self, name, norm)

    def forward(
        self, x: Tensor, position: Tensor, start: int | None, turn: tuple[Tensor, Tensor], mask: Tensor | None
    ) -> Tensor:
        """(1, n, hidden) -> the same shape."""
        attended = self.self_attn(self.input_layernorm(x), position, start, turn, mask)
        x = x + self.post_attention_layernorm(attended)
        return x + self.post_feedforward_layernorm(self.mlp(self.pre_feedforward_layernorm(x)))


class TextDecoder(nn.Module):
    """Embedded positions to the logits of what follows; weights (out, in) by Hugging Face's names."""

    places: Tensor

    def __init__(self, config: Config, weights: dict[str, Tensor], context: int, how: Attention) -> None:
        super().__init__()
        self.context, self.window, self.how = context, config.sliding_window, how
        model = _under(weights, "model.")
        self.kinds = config.layer_types
        self.layers = nn.ModuleList(
            Layer(config, kind, _under(model, f"layers.{i}."), context, how)
            for i, kind in enumerate(self.kinds)
        )
        self.norm = RMSNorm(model["norm.weight"], config.rms_norm_eps, as_product=how == "fused")
        self.lm_head = linear(model["embed_tokens.weight"])
        for kind in set(config.layer_types):
            cos, sin = _rotations(config, kind, context)
            self.register_buffer(f"{kind}_cos", cos, persistent=False)
            self.register_buffer(f"{kind}_sin", sin, persistent=False)
        self.register_buffer("places", torch.arange(context), persistent=False)

    def forward(self, embedded: Tensor, position: Tensor) -> Tensor:
        """(1, n, hidden) at positions (n,), consecutive -> logits (1, 1, vocabulary) after the last."""
        return self.lm_head(self.norm(self.states(embedded, position)[:, -1:]))

    def states(self, embedded: Tensor, position: Tensor) -> Tensor:
        """What leaves the last layer, (1, n, hidden)."""
        start = None
        if self.how == "fused":
            start = int(position[0].item())
            torch._check(start >= 0)
            torch._check(start < self.context)
        masks = self._masks(position)
        turns = {kind: self._turn(kind, position) for kind in set(self.kinds)}
        x = embedded
        for layer, kind in zip(self.layers, self.kinds, strict=True):
            x = layer(x, position, start, turns[kind], masks[kind])
        return x

    def reset(self) -> None:
        """Forget every position."""
        for name, buffer in self.named_buffers():
            if name.endswith("_cache"):
                buffer.zero_()

    def _masks(self, position: Tensor) -> dict[str, Tensor | None]:
        """What to add to scores (n, context); None where the operator knows that it is causal."""
        back = position.view(-1, 1) - self.places.view(1, -1)
        seen = back >= 0
        full = None if self.how == "fused" else _added(seen)
        return {"sliding_attention": _added(seen & (back < self.window)), "full_attention": full}

    def _turn(self, kind: LayerType, position: Tensor) -> tuple[Tensor, Tensor]:
        cos, sin = getattr(self, f"{kind}_cos"), getattr(self, f"{kind}_sin")
        shape = (1, position.shape[0], 1, cos.shape[1])
        return cos[position].view(shape), sin[position].view(shape)


class TokenEmbedding(nn.Module):
    """Token ids (1, n) to vectors (1, n, hidden) in the residual stream's scale, that of soft tokens."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding.from_pretrained(weight)
        self.scale = weight.shape[1] ** 0.5

    def forward(self, ids: Tensor) -> Tensor:
        """(1, n) -> (1, n, hidden)."""
        return self.embed_tokens(ids) * self.scale


def adapt(decoder: TextDecoder, layers: list[str], rank: int) -> None:
    """Give linear layers, by their names in Hugging Face's Gemma 3, a slot for LoRAs."""
    for name in layers:
        parent, _, last = name.removeprefix("model.").rpartition(".")
        owner = decoder.get_submodule(parent)
        base = owner.get_submodule(last)
        assert isinstance(base, nn.Linear)
        setattr(owner, last, AdaptedLinear(base, rank))


def _under(weights: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}


def _added(seen: Tensor) -> Tensor:
    return torch.where(seen, 0.0, float("-inf"))


def _rotations(config: Config, kind: LayerType, context: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines (context, head_dim) of the rotary embedding (Su et al. 2021, arXiv 2104.09864)."""
    sliding = kind == "sliding_attention"
    base = config.rope_local_base_freq if sliding else config.rope_theta
    stretch = 1.0 if sliding or not config.rope_scaling else 1.0 / config.rope_scaling["factor"]
    half = torch.arange(0, config.head_dim, 2).double() / config.head_dim
    angles = torch.outer(stretch * torch.arange(context).double(), base**-half)
    angles = torch.cat([angles, angles], -1)
    return angles.cos().float(), angles.sin().float()


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """(1, n, heads, head_dim), each pair of halves turned by its position's angle."""
    half = x.shape[-1] // 2
    return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin
