"""Dense weights of a composition: base plus LoRAs, a block of rows at a time, never a model in memory."""

from collections.abc import Iterator

import mlx.core as mx
import numpy as np

from killah.export.composed import Composed
from killah.gemma import base
from killah.gemma.shards import Spec

BLOCK_ITEMS = 16_000_000  # weights in memory at a time


class Dense:
    """Float32 rows of base plus LoRAs, read from the base when they are asked for."""

    def __init__(self, composed: Composed) -> None:
        about = composed.about
        self._composed = composed
        self._weights = base.read_weights(composed.folder, about)
        self._group = about.quantisation.group_size if about.quantisation else 0

    def blocks(self, spec: Spec) -> Iterator[mx.array]:
        """The parameter `spec` in blocks of rows (rows, ...); it is let go of afterwards."""
        stem = spec.name.removesuffix("weight")
        names = [spec.name, f"{stem}scales", f"{stem}biases"]
        stored = {name: self._weights.pop(name) for name in names if name in self._weights}
        delta = self._composed.factors(stem.removesuffix("."))
        rows, width = spec.shape[0], int(np.prod(spec.shape[1:]))
        step = max(1, BLOCK_ITEMS // width)
        for first in range(0, rows, step):
            part = slice(first, first + step)
            dense = base.dequantise({name: value[part] for name, value in stored.items()}, self._group)
            block = dense[spec.name].astype(mx.float32)
            yield block if delta is None else block + delta[1][:, part].T @ delta[0].T
