"""Which of many unit vectors are nearest to one: all compared up to 200,000, above that by their signs first.

A vector's signs about the mean are 384 bits instead of 1,536 bytes, and all are compared in milliseconds by
Hamming distance. The nearest thousands are compared again as bytes, and of these the best exactly, with their
vectors from the store.
"""

from typing import Protocol

import numpy as np

from killah.persona.store import Store

MOST_IN_MEMORY = 200_000  # vectors, about 300 MB
_SAMPLE = 20_000  # vectors that stand for all where they are too many
CANDIDATES = 4_000  # by their signs
_EXACT = 4  # compared exactly for each one wanted


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
    """Signs and bytes in memory, 432 bytes a vector of 384."""

    def __init__(self, store: Store, numbers: np.ndarray) -> None:
        self._numbers = numbers
        self.sample = np.arange(0, len(numbers), -(-len(numbers) // _SAMPLE))
        self.vectors = store.vectors_of(numbers[self.sample])
        self._mean = self.vectors.mean(axis=0)
        width = self.vectors.shape[1]
        self._scale = np.float32(127 / abs(self.vectors).max())
        self._bits = np.empty((len(numbers), -(-width // 64)), np.uint64)
        self._bytes = np.empty((len(numbers), width), np.int8)
        for start, packed in store.each_block(numbers):
            rows = packed.astype(np.float32)
            self._bits[start : start + len(rows)] = self._signs(rows)
            self._bytes[start : start + len(rows)] = (rows * self._scale).clip(-127, 127).round()

    def to(self, query: np.ndarray, count: int, store: Store) -> tuple[np.ndarray, np.ndarray]:
        """See `Nearest`."""
        apart = np.bitwise_count(self._bits ^ self._signs(query[None])).sum(axis=1, dtype=np.uint16)
        near = smallest(apart, max(CANDIDATES, count * _EXACT))
        near = near[smallest(-(self._bytes[near].astype(np.float32) @ query), count * _EXACT)]
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
