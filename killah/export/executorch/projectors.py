"""`killah.gemma.projector.Projector` in torch."""

from collections.abc import Mapping

import mlx.core as mx
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from killah.adapters.package import Adapter


class Projector(nn.Module):
    """LayerNorm, Linear, GELU, Linear, LayerNorm, scale; float32."""

    def __init__(self, tensors: Mapping[str, mx.array]) -> None:
        super().__init__()
        found = {
            name: torch.from_numpy(np.array(value.astype(mx.float32))) for name, value in tensors.items()
        }
        self.width, self.hidden = len(found["norm_in.weight"]), len(found["norm_out.weight"])
        self.tokens = len(found["down.bias"]) // self.hidden
        self.scale = float(found.get("scale", torch.tensor(1.0)))
        self.norm_in, self.norm_out = nn.LayerNorm(self.width), nn.LayerNorm(self.hidden)
        self.up = nn.Linear(self.width, len(found["up.bias"]))
        self.down = nn.Linear(len(found["up.bias"]), len(found["down.bias"]))
        self.load_state_dict({name: value for name, value in found.items() if name in self.state_dict()})
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Vectors (1, n, width) -> (1, n, tokens, hidden) in the residual stream's scale."""
        inner = self.down(F.gelu(self.up(self.norm_in(x))))
        return self.norm_out(inner.unflatten(-1, (self.tokens, self.hidden))) * self.scale


class PersonaProjector(nn.Module):
    """A persona's vector (1, width) to its soft tokens (1, tokens, hidden)."""

    def __init__(self, projector: Projector) -> None:
        super().__init__()
        self.projector = projector

    def forward(self, vector: Tensor) -> Tensor:
        """(1, width) -> (1, tokens, hidden)."""
        return self.projector(vector)


def read(adapter: Adapter) -> Projector:
    """The projector of a package."""
    return Projector(adapter.tensors)
