"""The stages `lora` and `audio-lora`: one adapter, of a persona or of a task, on the frozen base."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import mlx.core as mx

from killah.adapters import package, projectors
from killah.gemma import intruders
from killah.gemma.base import Base
from killah.gemma.gemma3 import Gemma3
from killah.training import data, lora
from killah.training import personas as personas_file
from killah.training.config import Config
from killah.training.data import Batch, Row
from killah.training.loss import token_nats
from killah.training.personas import Personas
from killah.training.recordings import Recordings, closed
from killah.training.stages.card import card, lora_parts


class LoraStage:
    """Trains `lora_parameters` on rows of text."""

    def __init__(self, base: Base, config: Config) -> None:
        self.module: Gemma3 = base.model
        self._base, self._config = base, config
        self._recordings = Recordings.read(config.data) if config.audio_projector else None
        self.train, self.valid = (self._rows(config.data / f"{split}.jsonl") for split in ("train", "valid"))
        self._soft: Callable[[Batch], mx.array] | None = None
        if config.projector:
            personas = Personas(config.data / personas_file.NAME)
            personas.check([*self.train, *self.valid])
            persona_projector = personas_file.load_projector(config.projector, base)
            self._soft = partial(personas.soft_tokens, persona_projector)
        self._closed: mx.array | None = None
        if self._recordings:
            self._closed = closed([*self.train, *self.valid], base)
            self._projector = projectors.load(config.audio_projector, base)
            self._projector.freeze()
        paths = lora.adapt(base.model, config.lora_parameters, config.num_layers, config.seed)
        # Taken apart once: the base does not change.
        self._bases = {
            path: intruders.basis(lora.dense_weight(lora.at(base.model, path).base))
            for path in _spread(paths, config.intruders.watched)
        }

    def _rows(self, path: Path) -> list[Row]:
        base, config = self._base, self._config
        length = min(config.max_seq_length, base.context)
        if self._recordings:
            return self._recordings.rows(path, base.tokenizer, length, config.stack)
        return data.read(path, base.tokenizer, length, mask_prompt=config.mask_prompt)

    def nats(self, batch: Batch) -> mx.array:
        """Loss in nats of every learned token, (tokens,)."""
        prefix = self._soft(batch) if self._soft else None
        embed = None
        if self._recordings:
            parts = {"model": self.module, "projector": self._projector, "batch": batch}
            embed = partial(self._recordings.embed, **parts)
        check = self._config.grad_checkpoint
        return token_nats(
            self.module, batch, checkpoint=check, prefix=prefix, embed=embed, closed=self._closed
        )

    def watch(self) -> dict[str, float]:
        """Share of intruders among the leading singular vectors of the watched layers."""
        settings = self._config.intruders
        delta = {path: lora.delta(self.module, path) for path in self._bases}
        counts = [
            intruders.count(basis, delta[path], threshold=settings.threshold, top=settings.top)
            for path, basis in self._bases.items()
        ]
        return {"intruder_share": sum(counts) / (settings.top * len(counts))} if counts else {}

    def publish(self, best: dict[str, mx.array], metrics: dict[str, Any], folder: Path) -> None:
        """Write the adapter package."""
        config = self._config
        about = card(
            self._base,
            config,
            "lora",
            metrics,
            styles=config.styles,
            **lora_parts(config.lora_parameters),
        )
        dtype: mx.Dtype = getattr(mx, config.dtype)
        package.write(folder, about, {name: value.astype(dtype) for name, value in best.items()}, force=True)


def _spread(paths: list[str], count: int) -> list[str]:
    """`count` of the paths at equal distances."""
    return [paths[int((i + 0.5) * len(paths) / count)] for i in range(min(count, len(paths)))]
