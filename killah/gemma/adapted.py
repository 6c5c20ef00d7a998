"""A linear layer of a frozen base with room for LoRAs beside it, and where such layers are in a model."""

from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn


@dataclass(frozen=True)
class State:
    """A blend on one layer: its gate (slots * rank,) and b where the merge changes it, or all folded."""

    gate: mx.array | None = None
    b: mx.array | None = None
    folded: mx.array | None = None  # (in, out)


class AdaptedLinear(nn.Module):
    """A linear layer of the base with room for LoRAs; `gate` None leaves the base alone."""

    def __init__(self, base: nn.Module, width: int, out: int, dtype: mx.Dtype) -> None:
        super().__init__()
        self.base = base
        self.a = mx.zeros((width, 0), dtype)
        self.b = mx.zeros((0, out), dtype)
        self.use(None)

    def use(self, state: State | None) -> None:
        """Compute with a prepared blend from now on, or with the base alone."""
        self.gate = state.gate if state else None
        self.merged = state.b if state else None
        self.folded = state.folded if state else None

    def resize(self, before: int, slots: int, rank: int) -> None:
        """Room for `slots` adapters of `rank`, where slots of rank `before` were; each keeps its place."""
        held = self.a.shape[1] // before if before else 0
        a = self.a.reshape(self.a.shape[0], held, before)
        b = self.b.reshape(held, before, self.b.shape[1])
        more = [(0, slots - held), (0, rank - before)]
        self.a = mx.pad(a, [(0, 0), *more]).reshape(a.shape[0], slots * rank)
        self.b = mx.pad(b, [*more, (0, 0)]).reshape(slots * rank, b.shape[2])

    def write(self, start: int, rank: int, a: mx.array, b: mx.array) -> None:
        """Put a (in, r) and b (r, out) into the slot of `rank` from column `start` on; zeros behind."""
        rest = rank - a.shape[1]
        self.a[:, start : start + rank] = mx.pad(a.astype(self.a.dtype), [(0, 0), (0, rest)])
        self.b[start : start + rank] = mx.pad(b.astype(self.b.dtype), [(0, rest), (0, 0)])

    def __call__(self, x: mx.array) -> mx.array:
        """(..., in) -> (..., out)."""
        if self.folded is not None:
            return x @ self.folded
        y = self.base(x)
        if self.gate is None:
            return y
        return y + ((x @ self.a) * self.gate) @ (self.b if self.merged is None else self.merged)


def find_linear(model: nn.Module, path: str) -> nn.Module | None:
    """The linear layer at a dotted path, or None."""
    found: object = model
    for part in path.split("."):
        if isinstance(found, list):
            found = found[int(part)] if part.isdigit() and int(part) < len(found) else None
        else:
            found = getattr(found, part, None)
    return found if isinstance(found, nn.Linear | nn.QuantizedLinear) else None


def linear_shape(layer: nn.Module) -> tuple[int, int]:
    """(in, out) of a linear layer, quantised or not, adapted or not."""
    if isinstance(layer, AdaptedLinear):
        return layer.a.shape[0], layer.b.shape[1]
    assert isinstance(layer, nn.Linear | nn.QuantizedLinear)
    out, width = layer.weight.shape
    if isinstance(layer, nn.QuantizedLinear):
        width = width * 32 // layer.bits
    return width, out
