"""Passages of the owner's writing that are nearest in meaning to what is being written.

The vectors are held in memory (float32, about 150 MB for 100,000 passages); the texts stay in the store and
are asked for by number, so what was forgotten since is not given out.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from killah.errors import KillahError
from killah.persona import personas
from killah.persona.embedding import Embedder
from killah.persona.sentences import words
from killah.persona.store import Store

_TAIL = 120  # words before the caret that say what the writer is at; the embedder reads about 180
_CANDIDATES = 8  # looked at for each passage wanted
_SAME = 8  # words in a row that make a passage a copy of the text at hand
_SAME_SOURCE = 0.05  # cosine a passage loses for each one already taken from its document


@dataclass(frozen=True)
class Passage:
    """A passage, the file it comes from, its cosine to the query."""

    text: str
    path: str
    score: float


class Retriever:
    """The passages of one persona, as they were when it was opened. Safe to use from one thread at a time."""

    def __init__(self, path: Path, embedder: Embedder) -> None:
        self._path = path
        self._embedder = embedder
        with Store.open(path) as store:
            made_with = store.meta().get("embedder", embedder.name)
            self._numbers, self._documents, self._vectors = store.vectors()
        if made_with != embedder.name:
            raise KillahError(
                f"The persona {path.stem!r} was indexed with {made_with!r}, not {embedder.name!r}.",
                f"Run killah index again, or: killah config set embedder {made_with}",
            )

    @classmethod
    def open(cls, persona: str, embedder: str) -> Self:
        """Load a persona's vectors. Raises `KillahError` where there is no persona, or no such embedder."""
        return cls(personas.existing(persona), Embedder(embedder))

    def __len__(self) -> int:
        return len(self._numbers)

    @cached_property
    def vector(self) -> np.ndarray:
        """The persona as one vector (dimensions,) of unit length: the mean of its passages' vectors."""
        mean = self._vectors.mean(axis=0)
        return mean / max(float(np.linalg.norm(mean)), 1e-9)

    def query(self, text: str) -> np.ndarray | None:
        """The end of `text` as a vector (dimensions,); None where there is no text."""
        tail = " ".join(text.split()[-_TAIL:])
        return self._embedder.encode([tail])[0] if tail else None

    def passages(self, text: str, k: int, query: np.ndarray | None = None) -> list[Passage]:
        """At most `k` passages nearest to the end of `text`, best first, none of which repeats `text`.

        A writer who edits an indexed document must not be handed its own sentences again: a passage that
        shares eight words in a row with `text` is left out. Other documents are lightly preferred to more
        of the same one. `query` is `query(text)` where that is known already.
        """
        if k < 1 or not len(self) or not self._path.is_file():
            return []
        query = self.query(text) if query is None else query
        if query is None:
            return []
        scores = self._vectors @ query
        best = _largest(scores, k * _CANDIDATES)
        with Store.open(self._path) as store:
            texts = store.passages([int(self._numbers[row]) for row in best])
        found = {row: texts[number] for row in best if (number := int(self._numbers[row])) in texts}
        own = runs(text)
        new = [row for row in found if own.isdisjoint(runs(found[row][0]))]
        best = spread(new, scores, self._documents, k)
        return [Passage(*found[row], float(scores[row])) for row in best]


def spread(rows: list[int], scores: np.ndarray, documents: np.ndarray, k: int) -> list[int]:
    """The `k` best of `rows`, each worth a little less for every earlier one of its document.

    `scores` and `documents` are of all passages, (n,).
    """
    left, taken = list(rows), []
    while left and len(taken) < k:
        before = [documents[row] for row in taken]
        worth = [scores[row] - _SAME_SOURCE * before.count(documents[row]) for row in left]
        taken.append(left.pop(int(np.argmax(worth))))
    return taken


def _largest(scores: np.ndarray, count: int) -> list[int]:
    """Positions of the `count` largest scores, largest first."""
    count = min(count, len(scores))
    top = np.argpartition(-scores, count - 1)[:count]
    return top[np.argsort(-scores[top])].tolist()


def runs(text: str) -> set[tuple[str, ...]]:
    """Every run of eight words, without case and punctuation."""
    plain = [word.lower().replace("’", "'") for word in words(text)]
    return set(zip(*(plain[start:] for start in range(_SAME)), strict=False))
