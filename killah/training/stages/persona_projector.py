"""The stage `persona-projector`: from a persona's vector to soft tokens that the frozen base understands.

Rows are {"text", "persona"}; `personas.safetensors` beside them holds `vectors` (personas, width) and, as
metadata `names`, a JSON list of what the rows call them.
"""

import json
from pathlib import Path
from typing import Any

import mlx.core as mx

from killah.adapters import package
from killah.errors import KillahError
from killah.gemma.base import Base
from killah.gemma.projector import Projector, embedding_scale
from killah.gemma.trees import flat
from killah.training import data
from killah.training.config import Config
from killah.training.data import Batch
from killah.training.loss import token_nats
from killah.training.stages.card import card

PERSONAS = "personas.safetensors"


class PersonaProjectorStage:
    """Trains a `Projector`; the base only carries the gradient."""

    def __init__(self, base: Base, config: Config) -> None:
        self._base, self._config = base, config
        self._vectors, self._places = read_personas(config.data / PERSONAS)
        length = min(config.max_seq_length, base.context - config.soft_tokens)
        self.train, self.valid = (
            data.read(config.data / f"{split}.jsonl", base.tokenizer, length) for split in ("train", "valid")
        )
        for row in (*self.train, *self.valid):
            if row.persona not in self._places:
                raise KillahError(
                    f"{config.data / PERSONAS} has no persona {row.persona!r}.", "Every row names one."
                )
        mx.random.seed(config.seed)
        self.module = Projector(
            self._vectors.shape[1],
            base.model.config.hidden_size,
            tokens=config.soft_tokens,
            scale=embedding_scale(base.model),
        )
        mx.eval(self.module.parameters())

    def nats(self, batch: Batch) -> mx.array:
        """Loss in nats of every token of the texts, (tokens,), behind their personas' soft tokens."""
        places = mx.array([self._places[name] for name in batch.personas])
        soft = self.module(self._vectors[places])
        return token_nats(self._base.model, batch, checkpoint=self._config.grad_checkpoint, prefix=soft)

    def watch(self) -> dict[str, float]:
        """Nothing beside the norms of the gradients, which every step reports."""
        return {}

    def publish(self, best: dict[str, mx.array], metrics: dict[str, Any], folder: Path) -> None:
        """Write the projector's package, in float32."""
        about = card(
            self._base,
            self._config,
            "projector",
            metrics,
            soft_tokens=self._config.soft_tokens,
            input_width=self._vectors.shape[1],
            input_space=self._config.input_space,
        )
        package.write(folder, about, flat(self.module.parameters()) | best, force=True)


def read_personas(path: Path) -> tuple[mx.array, dict[str, int]]:
    """Vectors (personas, width) and the row of each name. Raises `KillahError` for anything else."""
    try:
        loaded = mx.load(str(path), return_metadata=True)
        assert isinstance(loaded, tuple)
        arrays, metadata = loaded
        names = json.loads(metadata["names"])
        vectors = arrays["vectors"].astype(mx.float32)
        if vectors.ndim != 2 or len(names) != len(vectors):
            raise ValueError("one vector a name")
    except (RuntimeError, ValueError, KeyError) as error:
        raise KillahError(
            f"Cannot read {path}.", 'It should hold "vectors" (personas, width) and their "names".'
        ) from error
    return vectors, {name: index for index, name in enumerate(names)}
