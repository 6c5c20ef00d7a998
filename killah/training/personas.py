"""Personas of training rows: `personas.safetensors` beside them, and the module that makes them soft tokens.

The file holds `vectors` (passages, meaning) of unit length, `styles` (passages, style) and `queries`
(queries, meaning); its metadata `personas` is a JSON object, name -> the passages it is made of. A row names
its persona, and in `query` the number of the query that stands for its beginning, if it has one.
"""

import json
from pathlib import Path

import mlx.core as mx
import numpy as np
from mlx.utils import tree_unflatten

from killah.adapters import catalog, package
from killah.errors import KillahError
from killah.gemma.base import Base
from killah.gemma.projector import Projector
from killah.persona.attention import STYLE_SCALE
from killah.training.data import Batch, Row

NAME = "personas.safetensors"
SHARPNESS = (1.5, 0.5)  # where learning begins, logarithms: some passages count about twice as much as others


class PersonaProjector(Projector):
    """A `Projector` with the learned attention over passages that makes the vector it reads.

    `killah.persona.attention` says how, and does the same in numpy. `sharpness` (2,) are logarithms.
    """

    def __init__(self, meaning: int, style: int, hidden: int, *, tokens: int = 1, scale: float = 1.0) -> None:
        super().__init__(meaning + style, hidden, tokens=tokens, scale=scale)
        self.sharpness = mx.array(SHARPNESS)

    def read(
        self, query: mx.array, asked: mx.array, vectors: mx.array, styles: mx.array, there: mx.array
    ) -> mx.array:
        """Soft tokens (rows, tokens, hidden) of rows of passages.

        `vectors` (rows, n, meaning) of unit length and `styles` (rows, n, style) are those of which `there`
        (rows, n) is true; `query` (rows, meaning) counts where `asked` (rows,) is 1, not where it is 0.
        """
        scores = (vectors @ query[..., None])[..., 0] * asked[:, None]
        logits = mx.exp(self.sharpness)[:, None, None] * scores
        weights = mx.softmax(mx.where(there, logits, -mx.inf), axis=-1)[:, :, None]  # (2, rows, 1, n)
        meaning, style = (weights[0] @ vectors)[:, 0], (weights[1] @ styles)[:, 0]
        length = mx.maximum(mx.linalg.norm(meaning, axis=-1, keepdims=True), 1e-6)
        meaning = meaning * (meaning.shape[-1] ** 0.5 / length)
        return self(mx.concatenate([meaning, STYLE_SCALE * style], axis=-1))


class Personas:
    """What a file of personas holds. Raises `KillahError` for anything else."""

    def __init__(self, path: Path) -> None:
        try:
            loaded = mx.load(str(path), return_metadata=True)
            assert isinstance(loaded, tuple)
            arrays, metadata = loaded
            self._members: dict[str, list[int]] = json.loads(metadata["personas"])
            self.vectors, self.styles, self.queries = (
                np.array(arrays[name].astype(mx.float32)) for name in ("vectors", "styles", "queries")
            )
            most = max(map(max, self._members.values()))
            if len(self.vectors) != len(self.styles) or most >= len(self.vectors):
                raise ValueError("one vector and one style a passage")
        except (RuntimeError, ValueError, KeyError, TypeError) as error:
            raise KillahError(
                f"Cannot read {path}.", "It should hold vectors, styles, queries and the personas' passages."
            ) from error
        self._path = path

    @property
    def names(self) -> list[str]:
        """Every persona, in the order of the file."""
        return list(self._members)

    def check(self, rows: list[Row]) -> None:
        """Raise `KillahError` for a row whose persona or query is not here."""
        for row in rows:
            if row.persona not in self._members or row.query >= len(self.queries):
                raise KillahError(
                    f"{self._path} has no persona {row.persona!r} or no query {row.query}.",
                    "Every row names its persona.",
                )

    def soft_tokens(self, projector: PersonaProjector, batch: Batch) -> mx.array:
        """Soft tokens (rows, tokens, hidden) for the rows of a batch."""
        members = [self._members[name] for name in batch.personas]
        most = max(map(len, members))
        there = np.array([[i < len(own) for i in range(most)] for own in members])
        places = np.array([own + [own[0]] * (most - len(own)) for own in members])
        queries = np.array(batch.queries)
        query = np.where(queries[:, None] >= 0, self.queries[np.maximum(queries, 0)], 0.0)
        return projector.read(
            mx.array(query),
            mx.array((queries >= 0).astype(np.float32)),
            mx.array(self.vectors[places]),
            mx.array(self.styles[places]),
            mx.array(there),
        )


def load_projector(name: str, base: Base) -> PersonaProjector:
    """An installed persona projector, frozen. Raises `KillahError` where there is none for this base."""
    adapter = package.read(catalog.find(name, base.manifest.name), base.manifest)
    width, tokens = adapter.card.input_width or 0, adapter.card.soft_tokens or 0
    projector = PersonaProjector(width, 0, base.model.config.hidden_size, tokens=tokens)
    projector.update(tree_unflatten(list(adapter.tensors.items())))
    projector.freeze()
    projector.eval()
    return projector
