"""Passages of the owner's writing that are nearest in meaning to what is being written.

The vectors are held in memory (float32, about 150 MB for 100,000 passages; of more than 200,000 as
bytes); the texts stay in the store and are asked for by number, so what was forgotten since is not given out.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from killah.errors import KillahError
from killah.persona import nearest, personas
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
            self._numbers, self._documents = store.counted()
            self._nearest = nearest.load(store, self._numbers)
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

    @property
    def vectors(self) -> np.ndarray:
        """Unit vectors of all passages, float32 (n, dimensions); of more than 200,000 an even sample."""
        return self._nearest.vectors

    @cached_property
    def styles(self) -> np.ndarray:
        """How the passages of `vectors` are written, float32 (n, features).

        Raises `KillahError` for a persona of an earlier Killah that has not been indexed again.
        """
        with Store.open(self._path) as store:
            return store.styles(self._numbers[self._nearest.sample])

    @cached_property
    def vector(self) -> np.ndarray:
        """The persona as one vector (dimensions,) of unit length: the mean of its passages' vectors."""
        mean = self.vectors.mean(axis=0)
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
        with Store.open(self._path) as store:
            rows, scores = self._nearest.to(query, k * _CANDIDATES, store)
            numbers = self._numbers[rows].tolist()
            texts = store.passages(numbers)
        own = runs(text)
        new = [at for at, number in enumerate(numbers) if number in texts]
        new = [at for at in new if own.isdisjoint(runs(texts[numbers[at]][0]))]
        best = spread(new, scores, self._documents[rows], k)
        return [Passage(*texts[numbers[at]], float(scores[at])) for at in best]


def spread(rows: list[int], scores: np.ndarray, documents: np.ndarray, k: int) -> list[int]:
    """The `k` best of `rows`, each worth a little less for every earlier one of its document.

    `rows` are positions in `scores` and `documents`, (n,).
    """
    left, taken = list(rows), []
    while left and len(taken) < k:
        before = [documents[row] for row in taken]
        worth = [scores[row] - _SAME_SOURCE * before.count(documents[row]) for row in left]
        taken.append(left.pop(int(np.argmax(worth))))
    return taken


def runs(text: str) -> set[tuple[str, ...]]:
    """Every run of eight words, without case and punctuation."""
    plain = [word.lower().replace("’", "'") for word in words(text)]
    return set(zip(*(plain[start:] for start in range(_SAME)), strict=False))
