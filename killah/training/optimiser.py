"""AdamW as every stage uses it, its schedule, and the clipping of gradients."""

import math
from typing import Any

import mlx.core as mx
import mlx.optimizers as optim
from mlx.utils import tree_map

from killah.gemma.trees import flat
from killah.training.config import Config

FLOOR = 0.1  # of the learning rate, at the end of the cosine


def adamw(config: Config) -> optim.AdamW:
    """AdamW (Loshchilov and Hutter 2017, arXiv 1711.05101), betas 0.9 and 0.95, epsilon 1e-8."""
    return optim.AdamW(
        config.learning_rate,
        betas=[0.9, 0.95],
        eps=1e-8,
        weight_decay=config.weight_decay,
        bias_correction=True,
    )


def learning_rate(config: Config, step: int) -> float:
    """Of `step`, counted from 0: a linear warm-up, then a cosine down to a tenth."""
    warmup = max(1, round(config.warmup * config.iters))
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    done = (step - warmup) / max(1, config.iters - warmup)
    return config.learning_rate * (FLOOR + (1 - FLOOR) * (1 + math.cos(math.pi * min(1.0, done))) / 2)


def norms(gradients: Any) -> dict[str, mx.array]:
    """Norm of the gradient of each kind of parameter (its last name: `lora_a`, `weight`, ...), and of all."""
    squares: dict[str, list[mx.array]] = {}
    for path, gradient in flat(gradients).items():
        squares.setdefault(path.rpartition(".")[2], []).append(mx.sum(mx.square(gradient)))
    sums = {kind: mx.sum(mx.stack(parts)) for kind, parts in squares.items()}
    sums["all"] = mx.sum(mx.stack(list(sums.values())))
    return {kind: mx.sqrt(value) for kind, value in sums.items()}


def clipped(gradients: Any, norm: mx.array, largest: float) -> Any:
    """Gradients scaled so that their norm is at most `largest`."""
    factor = mx.minimum(1.0, largest / (norm + 1e-6))
    return tree_map(lambda gradient: gradient * factor, gradients)
