"""The stage `persona-projector`: from a persona's passages to soft tokens that the frozen base understands.

Rows are {"prompt", "completion"} or {"text"} with a "persona", and the number of a "query" where they have a
beginning; `killah.training.personas` says what stands beside them.
"""

from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from killah.adapters import package
from killah.gemma.base import Base
from killah.gemma.projector import embedding_scale
from killah.gemma.trees import flat
from killah.training import data
from killah.training.config import Config
from killah.training.data import Batch
from killah.training.loss import token_nats
from killah.training.personas import NAME, PersonaProjector, Personas
from killah.training.stages.card import card


class PersonaProjectorStage:
    """Trains a projector and its attention; the base only carries the gradient."""

    def __init__(self, base: Base, config: Config) -> None:
        self._base, self._config = base, config
        self._personas = Personas(config.data / NAME)
        length = min(config.max_seq_length, base.context - config.soft_tokens)
        self.train, self.valid = (
            data.read(config.data / f"{split}.jsonl", base.tokenizer, length) for split in ("train", "valid")
        )
        self._personas.check([*self.train, *self.valid])
        mx.random.seed(config.seed)
        self.module = PersonaProjector(
            self._personas.vectors.shape[1],
            self._personas.styles.shape[1],
            base.model.config.hidden_size,
            tokens=config.soft_tokens,
            scale=embedding_scale(base.model) * config.soft_scale,
        )
        mx.eval(self.module.parameters())

    def nats(self, batch: Batch) -> mx.array:
        """Loss in nats of every learned token, (tokens,), behind the soft tokens of the rows' personas."""
        soft = self._personas.soft_tokens(self.module, batch)
        return token_nats(self._base.model, batch, checkpoint=self._config.grad_checkpoint, prefix=soft)

    def watch(self) -> dict[str, float]:
        """How sharp the attention has become."""
        meaning, style = np.exp(np.array(self.module.sharpness)).tolist()
        return {"sharpness_meaning": meaning, "sharpness_style": style}

    def publish(self, best: dict[str, mx.array], metrics: dict[str, Any], folder: Path) -> None:
        """Write the projector's package, in float32."""
        about = card(
            self._base,
            self._config,
            "projector",
            metrics,
            soft_tokens=self._config.soft_tokens,
            input_width=self.module.norm_in.weight.shape[0],
            input_space=self._config.input_space,
        )
        package.write(folder, about, flat(self.module.parameters()) | best, force=True)
