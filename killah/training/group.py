"""The processes of one run: how many there are, and how their numbers become one.

`mlx.launch` starts them. Its ring backend can hang in a collective (MLX issue 4475), so there are few, and
large; they run on the CPU's stream, where the ring lives.
"""

import json
from collections.abc import Iterator
from typing import Any

import mlx.core as mx
from mlx.utils import tree_unflatten

from killah.gemma.trees import flat

CHUNK = 32_000_000  # numbers of one collective: 128 MB
NOTE = 1024  # bytes of a shared note


class Group:
    """This process among those of `mlx.launch`; alone where there are none."""

    def __init__(self) -> None:
        self._group = mx.distributed.init()
        self.size, self.rank = self._group.size(), self._group.rank()

    def sum(self, tree: Any) -> Any:
        """The sum over all processes of a tree of arrays of the same shapes, computed in float32."""
        if self.size == 1:
            return tree
        items = flat(tree)
        summed: dict[str, mx.array] = {}
        for names in _chunks(items):
            values = [items[name].astype(mx.float32).reshape(-1) for name in names]
            total = mx.distributed.all_sum(mx.concatenate(values), group=self._group, stream=mx.cpu)
            mx.eval(total)
            start = 0
            for name in names:
                size = items[name].size
                summed[name] = total[start : start + size].reshape(items[name].shape)
                start += size
        return tree_unflatten([(name, summed[name]) for name in items])

    def share(self, tree: Any) -> Any:
        """The tree of the first process, in all of them; shapes and dtypes must agree."""
        if self.size == 1:
            return tree
        own = flat(tree)
        if self.rank:
            own = {name: mx.zeros_like(value) for name, value in own.items()}
        dtypes = {name: value.dtype for name, value in own.items()}
        shared = flat(self.sum(tree_unflatten(list(own.items()))))
        return tree_unflatten([(name, value.astype(dtypes[name])) for name, value in shared.items()])

    def share_note(self, note: Any) -> Any:
        """A small JSON value of the first process, in all of them."""
        if self.size == 1:
            return note
        text = json.dumps(note).encode().ljust(NOTE) if self.rank == 0 else bytes(NOTE)
        assert len(text) == NOTE
        shared: list[float] = self.sum({"note": mx.array(list(text))})["note"].tolist()
        return json.loads(bytes(map(int, shared)))


def _chunks(items: dict[str, mx.array]) -> Iterator[list[str]]:
    """Names in one order for all processes, in parts of at most `CHUNK` numbers (or one array)."""
    part: list[str] = []
    size = 0
    for name in sorted(items):
        if part and size + items[name].size > CHUNK:
            yield part
            part, size = [], 0
        part.append(name)
        size += items[name].size
    if part:
        yield part
