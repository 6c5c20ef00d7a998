"""A writer's passages in memory, all of them or a part: what can be held out and handed about.

`Retriever` is the same over a store that may be large; here nothing is on a disk, so that a part of a
writer's text can be kept from every way of being personal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from killah.persona.retrieval import runs, spread
from killah.persona.store import Store
from killah.persona.style import language, main_language

_AT_ONCE = 10_000  # passages asked of a store


@dataclass(frozen=True)
class Material:
    """Passages in reading order: texts, unit vectors (n, d), styles (n, s), documents (n,).

    `styles` is None where they were not measured.
    """

    texts: list[str]
    vectors: np.ndarray
    styles: np.ndarray | None
    documents: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    @classmethod
    def of(cls, store: Store) -> Self:
        """What a persona's store holds in its main language.

        A base predicts the other one so badly that a few pages of it would decide every comparison.
        """
        numbers, documents, vectors = store.vectors()
        found: dict[int, tuple[str, str]] = {}
        for first in range(0, len(numbers), _AT_ONCE):
            found |= store.passages(numbers[first : first + _AT_ONCE].tolist())
        texts = [found[int(n)][0] for n in numbers]
        main = main_language(texts)
        rows = [row for row, text in enumerate(texts) if language(text) == main]
        return cls(texts, vectors, store.styles(), documents).part(rows)

    @property
    def words(self) -> int:
        """Words of all passages."""
        return sum(len(text.split()) for text in self.texts)

    def part(self, rows: Sequence[int] | np.ndarray) -> Self:
        """Some of the passages, in the order of `rows`."""
        rows = np.asarray(rows, dtype=int)
        styles = None if self.styles is None else self.styles[rows]
        return type(self)([self.texts[row] for row in rows], self.vectors[rows], styles, self.documents[rows])

    def nearest(self, query: np.ndarray, text: str, k: int) -> list[str]:
        """At most `k` passages nearest to `query` (d,), best first, none of which repeats `text`."""
        if k < 1 or not len(self):
            return []
        scores, own = self.vectors @ query, runs(text)
        best = np.argsort(-scores)[: 8 * k].tolist()
        new = [row for row in best if own.isdisjoint(runs(self.texts[row]))]
        return [self.texts[row] for row in spread(new, scores, self.documents, k)]
