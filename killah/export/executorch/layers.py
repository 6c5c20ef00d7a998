"""Layers of the decoder in the forms that delegates take, and the slot for LoRAs on one of them."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class RMSNorm(nn.Module):
    """x / rms(x) * (1 + weight).

    Of `as_product` the mean is a product with a (width, 1) matrix, which XNNPACK takes; a mean it does not.
    """

    def __init__(self, weight: Tensor, eps: float, *, as_product: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(1.0 + weight.float(), requires_grad=False)
        self.eps = eps
        width = len(weight)
        self.mean = nn.Linear(width, 1, bias=False) if as_product else None
        if self.mean is not None:
            self.mean.weight = nn.Parameter(torch.full((1, width), 1.0 / width), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) -> the same shape."""
        if self.mean is None:
            return F.rms_norm(x, (x.shape[-1],), self.weight, self.eps)
        return x * torch.rsqrt(self.mean(x * x) + self.eps) * self.weight


class AdaptedLinear(nn.Module):
    """A linear layer with a slot of `rank` columns for LoRAs: y = base(x) + (x a') b'."""

    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        self.base = base
        self.lora_a = nn.Linear(base.in_features, rank, bias=False)
        self.lora_b = nn.Linear(rank, base.out_features, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) -> (..., out)."""
        return self.base(x) + self.lora_b(self.lora_a(x))


def linear(weight: Tensor) -> nn.Linear:
    """A layer without bias of `weight` (out, in), which is not copied."""
    with torch.device("meta"):
        layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    layer.weight = nn.Parameter(weight, requires_grad=False)
    return layer
