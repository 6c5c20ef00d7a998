"""The stage `audio-projector`: from a speech encoder's frames to soft tokens that the base understands.

`killah.training.recordings` says what rows are and what stands beside them. Encoder and base are frozen. With
`audio_lora`, an adapter of the base learns along: a small base cannot be told letters by soft tokens alone.
"""

from functools import partial
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_unflatten

from killah.adapters import catalog, package, projectors
from killah.gemma.base import Base
from killah.gemma.gemma3 import Gemma3
from killah.gemma.projector import Projector, embedding_scale
from killah.gemma.trees import flat
from killah.training import lora
from killah.training.config import Config
from killah.training.data import Batch
from killah.training.loss import token_nats
from killah.training.recordings import Recordings, closed
from killah.training.stages.card import card, lora_parts

PROJECTOR, MODEL = "projector.", "model."


class Hearing(nn.Module):
    """A projector and the base that reads its soft tokens."""

    def __init__(self, projector: Projector, model: Gemma3) -> None:
        super().__init__()
        self.projector, self.model = projector, model


class AudioProjectorStage:
    """Trains a projector, and `audio_lora` with it where that has a name."""

    def __init__(self, base: Base, config: Config) -> None:
        self._base, self._config = base, config
        self._recordings = Recordings.read(config.data)
        length = min(config.max_seq_length, base.context)
        self.train, self.valid = (
            self._recordings.rows(config.data / f"{split}.jsonl", base.tokenizer, length, config.stack)
            for split in ("train", "valid")
        )
        self._closed = closed([*self.train, *self.valid], base)
        base.model.freeze()
        if config.audio_lora:
            lora.adapt(base.model, config.lora_parameters, config.num_layers, config.seed)
            if config.go_on:
                found = package.read(catalog.find(config.audio_lora, base.manifest.name), base.manifest)
                base.model.update(tree_unflatten(list(_float32(found.tensors).items())))
        self.module = Hearing(self._projector(), base.model)
        mx.eval(self.module.parameters())

    def _projector(self) -> Projector:
        if self._config.go_on:
            return projectors.load(self._config.name, self._base)
        mx.random.seed(self._config.seed)
        return Projector(
            self._config.stack * self._recordings.width,
            self._base.model.config.hidden_size,
            scale=embedding_scale(self._base.model) * self._config.soft_scale,
        )

    def nats(self, batch: Batch) -> mx.array:
        """Loss in nats of every learned token, (tokens,), behind the soft tokens of the rows' recordings."""
        model, projector = self.module.model, self.module.projector
        embed = partial(self._recordings.embed, model=model, projector=projector, batch=batch)
        check = self._config.grad_checkpoint
        return token_nats(model, batch, checkpoint=check, embed=embed, closed=self._closed)

    def watch(self) -> dict[str, float]:
        """Nothing but the loss."""
        return {}

    def publish(self, best: dict[str, mx.array], metrics: dict[str, Any], folder: Path) -> None:
        """Write the projector's package, in float32, and beside it the adapter's, by its name."""
        config, projector = self._config, self.module.projector
        about = card(
            self._base,
            config,
            "projector",
            metrics,
            soft_tokens=1,
            input_width=projector.norm_in.weight.shape[0],
            input_space=f"{config.stack} frames of {self._recordings.encoder} with their letters",
        )
        package.write(folder, about, flat(projector.parameters()) | _under(PROJECTOR, best), force=True)
        if config.audio_lora:
            reader = card(self._base, config, "lora", metrics, **lora_parts(config.lora_parameters))
            reader = reader.model_copy(update={"name": config.audio_lora})
            dtype: mx.Dtype = getattr(mx, config.dtype)
            tensors = {name: value.astype(dtype) for name, value in _under(MODEL, best).items()}
            package.write(folder.with_name(config.audio_lora), reader, tensors, force=True)


def _under(prefix: str, tensors: dict[str, mx.array]) -> dict[str, mx.array]:
    """Those whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): each for name, each in tensors.items() if name.startswith(prefix)}


def _float32(tensors: dict[str, mx.array]) -> dict[str, mx.array]:
    return {name: each.astype(mx.float32) for name, each in tensors.items()}
