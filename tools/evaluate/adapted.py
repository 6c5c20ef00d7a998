"""A base with the adapters and projectors installed for it, and what they charge for held-out rows."""

from collections.abc import Sequence

import mlx.core as mx
import numpy as np

from killah.adapters import catalog, package
from killah.adapters.card import Kind
from killah.adapters.package import Adapter
from killah.errors import KillahError
from killah.gemma.base import Base
from killah.gemma.stack import NOTHING, AdapterStack, Blend
from killah.training.data import Row, collate
from killah.training.loss import token_nats
from killah.training.personas import Personas, load_projector

BATCH = 4
SOFT = 64  # rows whose soft tokens are made together
STREAMS = 2  # batches under way: MLX runs one stream on one core of a CPU


class Adapted:
    """The stack of one base; adapters are loaded when they are first asked for."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.stack = AdapterStack(base.model)
        self._streams = [mx.default_stream(mx.default_device())]
        if mx.default_device() == mx.cpu:
            self._streams += [mx.new_stream(mx.cpu) for _ in range(STREAMS - 1)]
        self._kinds = {
            each.name: each.card.kind for each in catalog.installed(base.manifest.name) if each.card
        }

    def has(self, name: str, kind: Kind = "lora") -> bool:
        """Whether an adapter of that name and kind is installed."""
        return self._kinds.get(name) == kind

    def named(self, kind: Kind) -> list[str]:
        """Installed adapters of a kind."""
        return [name for name, own in self._kinds.items() if own == kind]

    def read(self, name: str) -> Adapter:
        """An installed adapter, verified."""
        return package.read(catalog.find(name, self.base.manifest.name), self.base.manifest)

    def nats(self, rows: Sequence[Row], blend: Blend = NOTHING, soft: np.ndarray | None = None) -> np.ndarray:
        """Total nats of each row's learned tokens, (rows,) float64, read with `blend`.

        `soft` (rows, tokens, hidden) are soft tokens put behind each row's `<bos>`.
        """
        for name, _ in blend.active:
            self._load(name)
        self.stack.use(blend)
        order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
        total = np.zeros(len(rows))
        waiting: list[tuple[list[int], mx.array]] = []
        for number, first in enumerate(range(0, len(order), BATCH)):
            chosen = order[first : first + BATCH]
            waiting.append((chosen, self._start(number, [rows[i] for i in chosen], soft, chosen)))
            if len(waiting) == len(self._streams):
                _collect(total, rows, *waiting.pop(0))
        for chosen, costs in waiting:
            _collect(total, rows, chosen, costs)
        return total

    def soft_tokens(self, projector: str, personas: Personas, rows: Sequence[Row]) -> np.ndarray:
        """Soft tokens (rows, tokens, hidden) of the personas that `rows` name.

        Raises `KillahError` where the projector reads another width, or a row names nobody.
        """
        module = load_projector(projector, self.base)
        own, given = module.norm_in.weight.shape[0], personas.vectors.shape[1] + personas.styles.shape[1]
        if own != given:
            raise KillahError(
                f"{projector} reads vectors of {own} numbers, the data has {given}.",
                "Prepare the data again, or train it anew.",
            )
        personas.check(list(rows))
        parts = [rows[first : first + SOFT] for first in range(0, len(rows), SOFT)]
        return np.concatenate([np.array(personas.soft_tokens(module, collate(part))) for part in parts])

    def _load(self, name: str) -> None:
        if name not in self.stack.names:
            adapter = self.read(name)
            assert adapter.card.scale is not None
            self.stack.load(name, adapter.tensors, adapter.card.scale, adapter.card.sha256)

    def _start(self, number: int, rows: list[Row], soft: np.ndarray | None, chosen: list[int]) -> mx.array:
        """Costs (tokens,) of a batch, under way."""
        with mx.stream(self._streams[number % len(self._streams)]):
            prefix = None if soft is None else mx.array(soft[chosen])
            costs = token_nats(self.base.model, collate(rows), prefix=prefix)
            mx.async_eval(costs)
        return costs


def _collect(total: np.ndarray, rows: Sequence[Row], chosen: list[int], costs: mx.array) -> None:
    """Add up each row's costs, which come row by row."""
    counts = [int(rows[i].learned.sum()) for i in chosen]
    owners = np.repeat(np.arange(len(chosen)), counts)
    total[chosen] = np.bincount(owners, np.array(costs.astype(mx.float32)), len(chosen))
