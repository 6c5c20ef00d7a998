"""A base with the adapters and projectors installed for it, and what they charge for held-out rows."""

from collections.abc import Sequence

import mlx.core as mx
import numpy as np

from killah.adapters import catalog, package
from killah.adapters.card import Kind
from killah.adapters.package import Adapter
from killah.engine.costs import Costs, Reading
from killah.errors import KillahError
from killah.gemma.base import Base
from killah.gemma.stack import NOTHING, AdapterStack, Blend
from killah.training.data import Row, collate
from killah.training.personas import Personas, load_projector

SOFT = 64  # rows whose soft tokens are made together


class Adapted:
    """The stack of one base; adapters are loaded when they are first asked for."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.stack = AdapterStack(base.model)
        self._costs = Costs(base.model)
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

    def nats(
        self,
        rows: Sequence[Row],
        blend: Blend = NOTHING,
        soft: Sequence[np.ndarray] | np.ndarray | None = None,
    ) -> np.ndarray:
        """Total nats of each row's learned tokens, (rows,) float64, read with `blend`.

        `soft`, (tokens, hidden) for each row, are soft tokens put behind its `<bos>`.
        """
        for name, _ in blend.active:
            self._load(name)
        self.stack.use(blend)
        starts = [int(np.argmax(row.learned)) for row in rows]
        softs = [None] * len(rows) if soft is None else [mx.array(each) for each in soft]
        readings = [
            Reading(row.ids.tolist(), start, each)
            for row, start, each in zip(rows, starts, softs, strict=True)
        ]
        costs = self._costs.nats(readings)
        return np.array(
            [
                own[row.learned[start:]].sum(dtype=np.float64)
                for own, row, start in zip(costs, rows, starts, strict=True)
            ]
        )

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

    def code(self, codes: Sequence[str]) -> np.ndarray:
        """What stands in a prompt for control codes, (tokens, hidden): soft tokens, or the base's own."""
        adapter = self.read("codes")
        own, model = self.base.tokenizer, self.base.model
        parts = [
            adapter.tensors.get(code.strip("<>"))
            if code.strip("<>") in adapter.tensors
            else model.embed(mx.array([own.id(code)]))
            for code in codes
        ]
        return np.concatenate([np.array(part.astype(mx.float32)) for part in parts if part is not None])

    def _load(self, name: str) -> None:
        if name not in self.stack.names:
            adapter = self.read(name)
            assert adapter.card.scale is not None
            self.stack.load(name, adapter.tensors, adapter.card.scale, adapter.card.sha256)
