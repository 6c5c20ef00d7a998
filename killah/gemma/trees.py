"""Trees of arrays, as MLX keeps parameters, by dotted names."""

from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten


def flat(tree: Any) -> dict[str, mx.array]:
    """Every array of a tree (parameters, gradients, an optimiser's state) under its dotted name."""
    items = tree_flatten(tree)
    return {name: value for name, value in items if isinstance(value, mx.array)}
