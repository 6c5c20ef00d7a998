"""The stage `codes`: soft tokens for control codes on the frozen base (prompt tuning, Lester et al. 2021).

`prompts` names the codes and the words that each begins as; a row says in `"codes"` which of them it has. A
code that is not among them is a special token that the base knows itself.
"""

from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from killah.adapters import package
from killah.errors import KillahError
from killah.gemma.base import Base
from killah.gemma.projector import embedding_scale
from killah.training import data
from killah.training.config import Config
from killah.training.data import Batch
from killah.training.loss import token_nats
from killah.training.stages.card import card


class SoftCodes(nn.Module):
    """Soft tokens of each code, (k, hidden), in units of the size of the base's own embeddings."""

    def __init__(self, first: dict[str, mx.array]) -> None:
        super().__init__()
        self.tokens = first


class CodesStage:
    """Trains the codes of `prompts`; the base only carries the gradient.

    Inside, the soft tokens of code i have the ids behind the vocabulary, from size + i k on.
    """

    def __init__(self, base: Base, config: Config) -> None:
        if not config.prompts:
            raise KillahError("There is no control code to train.", "Name them: prompts: {formal: formal}.")
        self._base, self._config = base, config
        self._scale, self._size = embedding_scale(base.model), base.model.config.vocab_size
        k = config.soft_tokens
        self.module = SoftCodes({name: self._words(text) for name, text in config.prompts.items()})
        starts = {f"<{name}>": self._size + i * k for i, name in enumerate(config.prompts)}
        self.train, self.valid = (
            data.read(
                config.data / f"{split}.jsonl",
                base.tokenizer,
                min(config.max_seq_length, base.context),
                mask_prompt=config.mask_prompt,
                codes={code: list(range(at, at + k)) for code, at in starts.items()},
            )
            for split in ("train", "valid")
        )
        mx.eval(self.module.parameters())

    def nats(self, batch: Batch) -> mx.array:
        """Loss in nats of every learned token, (tokens,), behind the soft tokens of the rows' codes."""
        checkpoint = self._config.grad_checkpoint
        return token_nats(self._base.model, batch, checkpoint=checkpoint, embed=self._embed)

    def watch(self) -> dict[str, float]:
        """Nothing beside the norms of the gradients, which every step reports."""
        return {}

    def publish(self, best: dict[str, mx.array], metrics: dict[str, Any], folder: Path) -> None:
        """Write the package: the soft tokens of each code as the model reads them, in float32."""
        names = list(self._config.prompts)
        about = card(
            self._base, self._config, "codes", metrics, codes=names, soft_tokens=self._config.soft_tokens
        )
        tensors = {name: best[f"tokens.{name}"] * self._scale for name in names}
        package.write(folder, about, tensors, force=True)

    def _words(self, text: str) -> mx.array:
        """The embeddings of the first k tokens of words, the words repeated where they are too few."""
        ids = self._base.tokenizer.encode(f" {text}")
        ids = [ids[i % len(ids)] for i in range(self._config.soft_tokens)]
        found = self._base.model.embed(mx.array(ids)[None])[0].astype(mx.float32)
        return found / mx.sqrt(mx.mean(mx.square(found), axis=-1, keepdims=True))

    def _embed(self, ids: mx.array) -> mx.array:
        """(rows, length) -> (rows, length, hidden), those behind the vocabulary from the codes."""
        known = self._base.model.embed(mx.minimum(ids, self._size - 1))
        soft = mx.concatenate([self.module.tokens[name] for name in self._config.prompts]) * self._scale
        chosen = soft[mx.maximum(ids - self._size, 0)].astype(known.dtype)
        return mx.where((ids >= self._size)[..., None], chosen, known)
