"""Which of many unit vectors are nearest to one: all compared up to 200,000, above that by their signs first.

A vector's signs about the mean are 384 bits instead of 1,536 bytes. The nearest by Hamming distance are found
in milliseconds, and those few are compared exactly, with their vectors from the store.
"""

from typing import Protocol

import numpy as np

from killah.persona.store import Store

MOST_IN_MEMORY = 200_000  # vectors, about 300 MB
_SAMPLE = 20_000  # vectors that stand for all where they are too many
_RESCORED = 40  # compared exactly for each one wanted, at least `LEAST`
LEAST = 1_000


class Nearest(Protocol):
    """The vectors of a persona's passages; rows are in the order of their numbers."""

    sample: np.ndarray  # rows of `vectors`, rising
    vectors: np.ndarray  # all, or an even sample: float32 (m, dimensions)

    def to(self, query: np.ndarray, count: int, store: Store) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the `count` nearest, best first, and their cosines to `query` (dimensions,)."""
        ...


def load(store: Store, numbers: np.ndarray) -> Nearest:
    """Search over the passages `numbers`, rising; in memory where they fit."""
    if len(numbers) > MOST_IN_MEMORY:
        return Signs(store, numbers)
    return Exact(store, numbers)


class Exact:
    """One product with a matrix in memory."""

    def __init__(self, store: Store, numbers: np.ndarray) -> None:
        self.sample = np.arange(len(numbers))
        self.vectors = store.vectors_of(numbers)

    def to(self, query: np.ndarray, count: int, store: Store) -> tuple[np.ndarray, np.ndarray]:  # noqa: ARG002
        """See `Nearest`."""
        scores = self.vectors @ query
        best = smallest(-scores, count)
        return best, scores[best]


class Signs:
    """Signs in memory, 48 bytes a vector; vectors are read from the store as they are needed."""

    def __init__(self, store: Store, numbers: np.ndarray) -> None:
        self._numbers = numbers
        self.sample = np.arange(0, len(numbers), -(-len(numbers) // _SAMPLE))
        self.vectors = store.vectors_of(numbers[self.sample])
        self._mean = self.vectors.mean(axis=0)
        self._bits = np.empty((len(numbers), -(-len(self._mean) // 64)), np.uint64)
        for start, rows in store.each_block(numbers):
            self._bits[start : start + len(rows)] = self._signs(rows)

    def to(self, query: np.ndarray, count: int, store: Store) -> tuple[np.ndarray, np.ndarray]:
        """See `Nearest`."""
        apart = np.bitwise_count(self._bits ^ self._signs(query[None])).sum(axis=1, dtype=np.uint16)
        near = smallest(apart, max(LEAST, count * _RESCORED))
        scores = store.some_vectors(self._numbers[near].tolist()) @ query
        best = smallest(-scores, count)
        return near[best], scores[best]

    def _signs(self, rows: np.ndarray) -> np.ndarray:
        """Signs of `rows` (n, dimensions) about the mean, uint64 (n, words)."""
        packed = np.packbits(rows > self._mean, axis=1)
        padded = np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8)))
        return padded.view(np.uint64)


def smallest(values: np.ndarray, count: int) -> np.ndarray:
    """Positions of the `count` smallest of `values` (n,), smallest first."""
    count = min(count, len(values))
    if not count:
        return np.arange(0)
    some = np.argpartition(values, count - 1)[:count]
    return some[np.argsort(values[some], kind="stable")]
