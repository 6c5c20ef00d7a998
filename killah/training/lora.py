"""A LoRA that learns (Hu et al. 2021, arXiv 2106.09685), around a frozen linear layer."""

import math
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_unflatten

from killah.errors import KillahError
from killah.gemma.adapted import find_linear, linear_shape
from killah.gemma.gemma3 import Gemma3
from killah.gemma.trees import flat
from killah.training.config import Lora


class LoRALinear(nn.Module):
    """base(x) + scale * dropout(x) @ lora_a @ lora_b; lora_a (in, rank) uniform, lora_b (rank, out) zero."""

    def __init__(self, base: nn.Module, settings: Lora) -> None:
        super().__init__()
        width, out = linear_shape(base)
        bound = 1 / math.sqrt(width)
        self.base = base
        self.lora_a = mx.random.uniform(-bound, bound, (width, settings.rank))
        self.lora_b = mx.zeros((settings.rank, out))
        self.dropout = nn.Dropout(settings.dropout)
        self.scale = settings.multiplier
        base.freeze()

    def __call__(self, x: mx.array) -> mx.array:
        """(..., in) -> (..., out). The adapter computes in float32."""
        low = self.dropout(x.astype(mx.float32)) @ self.lora_a
        return self.base(x) + (self.scale * (low @ self.lora_b)).astype(x.dtype)


def adapt(model: Gemma3, settings: Lora, num_layers: int, seed: int) -> list[str]:
    """Give the last `num_layers` layers (-1: all) trainable adapters; returns the paths of adapted layers.

    Raises `KillahError` where a key names no linear layer.
    """
    mx.random.seed(seed)
    total = len(model.model.layers)
    first = 0 if num_layers < 0 else max(0, total - num_layers)
    paths = [f"model.layers.{i}.{key}" for i in range(first, total) for key in settings.keys]
    wrapped = []
    for path in paths:
        base = find_linear(model, path)
        if base is None:
            raise KillahError(
                f"The base has no linear layer {path.split('.', 3)[3]!r}.",
                "Name layers in lora_parameters.keys, for example self_attn.v_proj.",
            )
        wrapped.append((path, LoRALinear(base, settings)))
    model.freeze()
    for _, layer in wrapped:
        layer.unfreeze(keys=["lora_a", "lora_b"], recurse=False)
    model.update_modules(tree_unflatten(wrapped))
    mx.eval(model.trainable_parameters())
    return paths


def tensors(model: nn.Module) -> dict[str, mx.array]:
    """What was learned, under the names of an adapter package."""
    return flat(model.trainable_parameters())


def at(model: Gemma3, path: str) -> LoRALinear:
    """The trained layer at a path that `adapt` returned."""
    found: Any = model
    for part in path.split("."):
        found = found[int(part)] if isinstance(found, list) else getattr(found, part)
    return found


def delta(model: Gemma3, path: str) -> mx.array:
    """What the adapter at a path adds to its layer's weight, (out, in)."""
    layer = at(model, path)
    return layer.scale * (layer.lora_a @ layer.lora_b).T


def dense_weight(layer: nn.Module) -> mx.array:
    """Weight (out, in) of a linear layer in float32, whatever it is stored in."""
    assert isinstance(layer, nn.Linear | nn.QuantizedLinear)
    if isinstance(layer, nn.Linear):
        return layer.weight.astype(mx.float32)
    dense = mx.dequantize(
        layer.weight, layer.scales, layer.biases, group_size=layer.group_size, bits=layer.bits
    )
    return dense.astype(mx.float32)
