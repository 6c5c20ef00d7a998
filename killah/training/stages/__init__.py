"""What a stage must say about itself, for the trainer to train it."""

from pathlib import Path
from typing import Any, Protocol

import mlx.core as mx
import mlx.nn as nn

from killah.training.data import Batch, Row


class Stage(Protocol):
    """A part to be trained: its parameters, its rows, its loss, and what becomes of it."""

    @property
    def module(self) -> nn.Module:
        """What is trained: its trainable parameters."""
        ...

    train: list[Row]
    valid: list[Row]

    def nats(self, batch: Batch) -> mx.array:
        """Loss in nats of every learned token of a batch, (tokens,)."""
        ...

    def watch(self) -> dict[str, float]:
        """Figures of the parameters as they are now, at each look."""
        ...

    def publish(self, best: dict[str, mx.array], metrics: dict[str, Any], folder: Path) -> None:
        """Write the package that came out of a run."""
        ...
