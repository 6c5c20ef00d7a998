"""How good a persona's own LoRA is: perplexity of held-out text, and whether what it writes would pass.

Everything is measured on rows and beginnings that no training has seen, beside the base on the same ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_unflatten

from killah.gemma.base import Base
from killah.metrics.intervals import Estimate, bootstrap
from killah.metrics.likelihood import perplexity, perplexity_rise
from killah.persona import authorship, style
from killah.training import data, lora, sampling
from killah.training.config import Config
from killah.training.data import Row
from killah.training.loss import token_nats
from killah.training.stages.lora import LoraStage
from killah.training.writing import Split, own

TEXTS, BEGINNING, LENGTH = 24, 32, 160  # texts to judge adherence by; tokens of their beginnings and of each
MIN_P, TEMPERATURE = 0.1, 0.9  # the product's
PASSAGES = 8  # below, the style of a text is not known well enough to judge by it

Tensors = dict[str, mx.array]


@dataclass(frozen=True)
class Perplexity:
    """On the held-out text: of the base, of the adapter training began with if any, and of the new one."""

    base: Estimate
    adapter: Estimate
    change: Estimate
    """Per cent by which the adapter's is above the base's, on the same rows."""
    before: Estimate | None = None
    tokens: int = 0


@dataclass(frozen=True)
class Adherence:
    """Mean probability that a passage is the writer's rather than another's (`persona.authorship`).

    Of what the adapter and the base write on from held-out beginnings, and of the held-out text itself.
    """

    adapter: Estimate
    base: Estimate
    own: Estimate


class Judge:
    """Judges parameters of a stage by what `parts` hold out; `models` are parameters by name.

    `base` and `adapter` are compared, and `before` is what training began with, where it did.
    """

    def __init__(self, stage: LoraStage, loaded: Base, parts: Split, config: Config) -> None:
        self._stage, self._loaded, self._parts = stage, loaded, parts
        self._test = data.read(config.data / "test.jsonl", loaded.tokenizer, config.max_seq_length)

    def perplexity(self, models: dict[str, Tensors]) -> Perplexity:
        """Of the held-out rows, resampled by row."""
        nats = {name: self._nats(tensors) for name, tensors in models.items()}
        tokens = [int(row.learned.sum()) for row in self._test]
        return Perplexity(
            perplexity(nats["base"], tokens),
            perplexity(nats["adapter"], tokens),
            perplexity_rise(nats["adapter"], nats["base"], tokens),
            perplexity(nats["before"], tokens) if "before" in nats else None,
            sum(tokens),
        )

    def adherence(self, models: dict[str, Tensors]) -> Adherence | None:
        """Of what is written on from held-out beginnings; None where there is too little text to judge by."""
        learned = authorship.passages([own(row) for row in chain(*self._parts.train)])
        held_out = authorship.passages([own(row) for row in chain(*self._parts.test)])
        beginnings = _beginnings(self._test)
        if len(learned) < PASSAGES or len(held_out) < 2 or not beginnings:
            return None
        spoken = style.language(" ".join(learned))
        writer = authorship.Authorship.of(authorship.styles(learned, spoken), spoken)

        def judged(texts: list[str]) -> Estimate:
            return bootstrap(writer.probability(authorship.styles(texts, spoken)))

        written = {name: self._written(models[name], beginnings) for name in ("adapter", "base")}
        if not all(written.values()):
            return None
        return Adherence(judged(written["adapter"]), judged(written["base"]), judged(held_out))

    def _nats(self, tensors: Tensors) -> np.ndarray:
        """Nats of each held-out row, (rows,)."""
        put(self._stage, tensors)
        self._stage.module.eval()
        return np.array([_row_nats(self._loaded, row) for row in self._test])

    def _written(self, tensors: Tensors, beginnings: Sequence[Sequence[int]]) -> list[str]:
        """Passages that the model writes on from the beginnings."""
        put(self._stage, tensors)
        self._stage.module.eval()
        texts = sampling.write_on(
            self._loaded.model, self._loaded.tokenizer, beginnings,
            tokens=LENGTH, min_p=MIN_P, temperature=TEMPERATURE,
        )  # fmt: skip
        whole = [text for text in texts if len(text.split()) >= authorship.SHORTEST]
        return whole if 2 * len(whole) >= len(texts) else authorship.passages(texts)


def put(stage: LoraStage, tensors: Tensors) -> None:
    """Make these the parameters of the stage's LoRA."""
    stage.module.update(tree_unflatten([(n, v.astype(mx.float32)) for n, v in tensors.items()]))
    mx.eval(stage.module.trainable_parameters())


def silent(stage: LoraStage) -> Tensors:
    """Parameters that leave the base as it is: those training begins with."""
    return {name: mx.array(value) for name, value in lora.tensors(stage.module).items()}


def metrics(judged: Perplexity | None, adherence: Adherence | None) -> dict[str, Any]:
    """For the adapter's card."""
    found: dict[str, Any] = {}
    if judged:
        found |= {
            "held_out_perplexity": round(judged.adapter.value, 2),
            "held_out_perplexity_of_base": round(judged.base.value, 2),
        }
    if adherence:
        found |= {
            "adherence": round(adherence.adapter.value, 3),
            "adherence_of_base": round(adherence.base.value, 3),
            "adherence_of_own_text": round(adherence.own.value, 3),
        }
    return found


def _row_nats(loaded: Base, row: Row) -> float:
    return float(np.array(mx.sum(token_nats(loaded.model, data.collate([row])))))


def _beginnings(rows: Sequence[Row]) -> list[list[int]]:
    """`TEXTS` beginnings: what was asked where a row has a question, else its first tokens."""
    found = []
    for row in rows:
        asked = int(np.argmax(row.learned))
        if asked > 1:
            found.append(row.ids[:asked].tolist())
        elif len(row.ids) >= 2 * BEGINNING:
            found.append(row.ids[: 1 + BEGINNING].tolist())
    chosen = np.linspace(0, len(found), TEXTS, endpoint=False).astype(int) if found else []
    return [found[i] for i in chosen]
