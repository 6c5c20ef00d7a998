"""The stage `audio-projector`: from a speech encoder's frames to soft tokens that the base understands.

Rows are {"text"} or {"prompt", "completion"} with a "recording"; `killah.training.recordings` says what
stands beside them. A recording's soft tokens come before the row's text, `stack` frames in each.
"""

from pathlib import Path
from typing import Any

import mlx.core as mx

from killah.adapters import package
from killah.gemma.base import Base
from killah.gemma.projector import Projector, embedding_scale
from killah.gemma.trees import flat
from killah.training import data
from killah.training.config import Config
from killah.training.data import Batch
from killah.training.loss import token_nats
from killah.training.recordings import Recordings
from killah.training.stages.card import card


class AudioProjectorStage:
    """Trains a projector; encoder and base are frozen."""

    def __init__(self, base: Base, config: Config) -> None:
        self._base, self._config = base, config
        self._recordings = Recordings.read(config.data)
        length = min(config.max_seq_length, base.context)
        self.train, self.valid = (
            data.read(config.data / f"{split}.jsonl", base.tokenizer, length) for split in ("train", "valid")
        )
        self._recordings.check([*self.train, *self.valid])
        mx.random.seed(config.seed)
        self.module = Projector(
            config.stack * self._recordings.width,
            base.model.config.hidden_size,
            scale=embedding_scale(base.model) * config.soft_scale,
        )
        mx.eval(self.module.parameters())

    def nats(self, batch: Batch) -> mx.array:
        """Loss in nats of every learned token, (tokens,), behind the soft tokens of the rows' recordings."""
        soft = self._recordings.soft_tokens(self.module, batch)
        return token_nats(self._base.model, batch, checkpoint=self._config.grad_checkpoint, prefix=soft)

    def watch(self) -> dict[str, float]:
        """Nothing but the loss."""
        return {}

    def publish(self, best: dict[str, mx.array], metrics: dict[str, Any], folder: Path) -> None:
        """Write the projector's package, in float32."""
        about = card(
            self._base,
            self._config,
            "projector",
            metrics,
            soft_tokens=1,
            input_width=self.module.norm_in.weight.shape[0],
            input_space=f"{self._config.stack} frames of {self._recordings.encoder}",
        )
        package.write(folder, about, flat(self.module.parameters()) | best, force=True)
