"""Keys and values of the tokens a model has seen, one `KVCache` a layer.

Every layer keeps every position, sliding layers too: the attention takes its window from it. So a
cache can always be cut back to an earlier position, which rotating caches silently cannot.
"""

import mlx.core as mx

STEP = 256  # positions added at a time


class KVCache:
    """Grows in steps; `trim` only moves `offset`. Arrays are (batch, kv_heads, positions, head_dim).

    They are kept as `dtype`, or as the type they come in.
    """

    def __init__(self, dtype: mx.Dtype | None = None) -> None:
        self.dtype = dtype
        self.keys: mx.array | None = None
        self.values: mx.array | None = None
        self.offset = 0

    def append(self, keys: mx.array, values: mx.array) -> tuple[mx.array, mx.array]:
        """Store new positions; return everything up to and including them."""
        end = self.offset + keys.shape[2]
        self._reserve(end, keys, values)
        assert self.keys is not None and self.values is not None
        self.keys[..., self.offset : end, :] = keys
        self.values[..., self.offset : end, :] = values
        self.offset = end
        return self.keys[..., :end, :], self.values[..., :end, :]

    def trim(self, offset: int) -> None:
        """Forget all positions from `offset` on."""
        self.offset = min(self.offset, offset)

    def _reserve(self, end: int, keys: mx.array, values: mx.array) -> None:
        held = 0 if self.keys is None else self.keys.shape[2]
        if end <= held:
            return
        more = -(-(end - held) // STEP) * STEP
        room = [mx.zeros((*a.shape[:2], more, a.shape[3]), self.dtype or a.dtype) for a in (keys, values)]
        if self.keys is None or self.values is None:
            self.keys, self.values = room
        else:
            self.keys = mx.concatenate([self.keys, room[0]], axis=2)
            self.values = mx.concatenate([self.values, room[1]], axis=2)


class Unkept:
    """In place of a cache where a whole sequence is read at once and nothing follows, as in training."""

    offset = 0

    def append(self, keys: mx.array, values: mx.array) -> tuple[mx.array, mx.array]:
        """Hand back what came."""
        return keys, values
