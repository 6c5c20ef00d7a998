"""The stages `lora` and `audio-lora`: one adapter, of a persona or of a task, on the frozen base."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx

from killah.adapters import package
from killah.gemma import intruders
from killah.gemma.base import Base
from killah.gemma.gemma3 import Gemma3
from killah.training import data, lora
from killah.training import personas as personas_file
from killah.training.config import Config
from killah.training.data import Batch
from killah.training.loss import token_nats
from killah.training.personas import Personas
from killah.training.recordings import Recordings, load_projector
from killah.training.stages.card import card


class LoraStage:
    """Trains `lora_parameters` on rows of text."""

    def __init__(self, base: Base, config: Config) -> None:
        self.module: Gemma3 = base.model
        self._base, self._config = base, config
        self.train, self.valid = (
            data.read(
                config.data / f"{split}.jsonl",
                base.tokenizer,
                min(config.max_seq_length, base.context),
                mask_prompt=config.mask_prompt,
            )
            for split in ("train", "valid")
        )
        rows = [*self.train, *self.valid]
        self._soft: list[Callable[[Batch], mx.array]] = []
        if config.projector:
            personas = Personas(config.data / personas_file.NAME)
            personas.check(rows)
            persona_projector = personas_file.load_projector(config.projector, base)
            self._soft.append(lambda batch: personas.soft_tokens(persona_projector, batch))
        if config.audio_projector:
            recordings = Recordings.read(config.data)
            recordings.check(rows)
            audio_projector = load_projector(config.audio_projector, base)
            self._soft.append(lambda batch: recordings.soft_tokens(audio_projector, batch))
        paths = lora.adapt(base.model, config.lora_parameters, config.num_layers, config.seed)
        # Taken apart once: the base does not change.
        self._bases = {
            path: intruders.basis(lora.dense_weight(lora.at(base.model, path).base))
            for path in _spread(paths, config.intruders.watched)
        }

    def nats(self, batch: Batch) -> mx.array:
        """Loss in nats of every learned token, (tokens,)."""
        soft = [each(batch) for each in self._soft]
        prefix = mx.concatenate(soft, axis=1) if soft else None
        return token_nats(self.module, batch, checkpoint=self._config.grad_checkpoint, prefix=prefix)

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
        config, settings = self._config, self._config.lora_parameters
        about = card(
            self._base,
            config,
            "lora",
            metrics,
            rank=settings.rank,
            alpha=settings.multiplier * (settings.rank**0.5 if settings.rslora else settings.rank),
            scale=settings.multiplier,
            rslora=settings.rslora,
            target_modules=[key.rpartition(".")[2] for key in settings.keys],
            styles=config.styles,
        )
        dtype: mx.Dtype = getattr(mx, config.dtype)
        package.write(folder, about, {name: value.astype(dtype) for name, value in best.items()}, force=True)


def _spread(paths: list[str], count: int) -> list[str]:
    """`count` of the paths at equal distances."""
    return [paths[int((i + 0.5) * len(paths) / count)] for i in range(min(count, len(paths)))]
