"""Personas at work: one, or several blended, opened with their weights and asked what a text gets."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Self

import numpy as np

from killah.engine import habits
from killah.engine.habits import Habits
from killah.engine.members import InUse, Reads
from killah.engine.personal.lookups import Asking, Personal, Ready
from killah.persona import blends, personas
from killah.persona.attention import UNIFORM, persona_vector
from killah.persona.ngram import KneserNey
from killah.persona.retrieval import Retriever
from killah.persona.store import Store
from killah.persona.weights import Weights

PASSAGES = 2  # where neither the user nor a check has said how many


@dataclass(frozen=True)
class Writer:
    """One persona: its share of the blend, its passages (perhaps none), weights, n-gram model and min-p."""

    name: str
    share: float
    retriever: Retriever
    weights: Weights
    habits: KneserNey | None
    min_p: float | None

    @classmethod
    def open(cls, name: str, share: float, embedder: str, ready: Ready) -> "Writer | None":
        """Open a persona; None for one that is paused. Raises `KillahError`."""
        with Store.open(personas.existing(name)) as store:
            if store.setting("paused"):
                return None
            weights, min_p = Weights.read(store).on(ready.model), store.setting("min_p")
            texts = [text for text, _ in store.texts()] if weights.ngram else []
        retriever = Retriever.open(name, embedder)
        model = habits.learn(texts, ready.tokenizer) if texts else None
        return cls(name, share, retriever, weights, model, float(min_p) if min_p else None)


class Writers:
    """The personas of a blend. `passages` is what the user has set, None for what each has measured."""

    def __init__(self, each: Sequence[Writer], passages: int | None, reads: Reads | None) -> None:
        self._each, self._reads = list(each), reads
        wanted = sum(w.share * _else(w.weights.passages, PASSAGES) for w in each)
        self._passages = round(wanted) if passages is None else passages
        self._habits = _blended_habits(each)
        self._personas = tuple(InUse(w.name, w.share, w.weights.lora) for w in each)
        self._min_p = _mean([(w.min_p, w.share) for w in each])

    @classmethod
    def open(cls, blend: str, embedder: str, passages: int | None, ready: Ready) -> "Self | None":
        """Open `saki` or `saki=0.7,wells=0.3`; None where none is to be used. Raises `KillahError`."""
        parts = blends.parse(blend)
        found = [Writer.open(name, share, embedder, ready) for name, share in parts.items()]
        here = [writer for writer in found if writer is not None]
        return cls(here, passages, ready.reads) if here else None

    @property
    def _written(self) -> list[Writer]:
        """Those of whom there is text."""
        return [writer for writer in self._each if len(writer.retriever)]

    def bring(self, text: str, asking: Asking) -> tuple[Personal, int]:
        """What they bring to `text`, and how many texts were embedded for that: one at most."""
        soft = asking.soft if not asking.weighed else self._soft(asking.soft)
        passages = self._passages if asking.weighed else 0
        attentive = soft and self._reads is not None and self._reads.sharpness is not None
        there = self._written if passages or attentive else []
        query = there[0].retriever.query(text) if there else None
        vector = self._vector(query) if soft else None
        key = "" if vector is None else blake2b(vector.tobytes(), digest_size=8).hexdigest()
        found = Personal(
            self._nearest(text, passages, query),
            key,
            vector,
            self._habits if asking.weighed else None,
            self._personas,
            self._min_p,
        )
        return found, int(query is not None)

    def _soft(self, usual: bool) -> bool:
        return sum(w.share * _else(w.weights.soft, float(usual)) for w in self._each) >= 0.5

    def _nearest(self, text: str, count: int, query: np.ndarray | None) -> tuple[str, ...]:
        """Passages of all personas by their shares, best last."""
        dealt = blends.shares({w.name: w.share for w in self._each}, count)
        found = [p for w in self._each for p in w.retriever.passages(text, dealt[w.name], query)]
        return tuple(p.text for p in sorted(found, key=lambda p: p.score))

    def _vector(self, query: np.ndarray | None) -> np.ndarray | None:
        """The personas' vectors, blended by their shares."""
        reads = self._reads
        styled = reads is not None and reads.sharpness is not None
        each = [
            (
                persona_input(reads, query, w.retriever.vectors, w.retriever.styles if styled else None),
                w.share,
            )
            for w in self._written
        ]
        there = [(vector, share) for vector, share in each if vector is not None]
        if not there:
            return None
        vectors, shares = zip(*there, strict=True)
        return np.average(vectors, axis=0, weights=shares).astype(np.float32)


def persona_input(
    reads: Reads | None, query: np.ndarray | None, vectors: np.ndarray, styles: np.ndarray | None
) -> np.ndarray | None:
    """What the projector reads of a persona's passages, (width,): attention over them, or their mean.

    None where no projector is there, or it was made for another embedder or other styles.
    """
    if reads is None or not len(vectors):
        return None
    if reads.width == vectors.shape[1]:
        mean = vectors.mean(axis=0)
        return mean / max(float(np.linalg.norm(mean)), 1e-9)
    if styles is None or reads.width != vectors.shape[1] + styles.shape[1]:
        return None
    return persona_vector(query, vectors, styles, UNIFORM if reads.sharpness is None else reads.sharpness)


def _blended_habits(each: Sequence[Writer]) -> Habits | None:
    models = [(w.habits, w.share * w.weights.ngram) for w in each if w.habits is not None]
    text = min(sum(w.share * w.weights.text for w in each), 1.0 - sum(weight for _, weight in models))
    return Habits(tuple(models), text) if models or text else None


def _mean(values: list[tuple[float | None, float]]) -> float | None:
    """Mean of what is there, by weight."""
    there = [(value, weight) for value, weight in values if value is not None]
    return sum(v * w for v, w in there) / sum(w for _, w in there) if there else None


def _else(value: float | None, other: float) -> float:
    return other if value is None else value
