"""Vectors of passages packed in blocks of one table: a few big reads instead of one small one a passage.

Block b holds the rows of the passages numbered b·128 to b·128 + 127, float16, zeros where there is none. A
row is written and erased in its place.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from sqlite3 import Connection

import numpy as np

ROWS = 128  # a block: 100 kB of 384 numbers each


class Blocks:
    """The blocks of `table` (`vectors` or `styles`) in an open file."""

    def __init__(self, db: Connection, table: str) -> None:
        self._db, self._table = db, table

    def write(self, numbers: Sequence[int], rows: np.ndarray) -> None:
        """Put `rows` (n, width) at passages `numbers` (n,), which need be in no order."""
        packed = np.ascontiguousarray(rows, np.float16)
        size = packed.shape[-1] * packed.itemsize
        for block, places in groupby(np.argsort(numbers, kind="stable"), lambda at: numbers[at] // ROWS):
            self._db.execute(
                f"INSERT OR IGNORE INTO {self._table} VALUES(?, zeroblob(?))", (block, ROWS * size)
            )
            with self._db.blobopen(self._table, "packed", block) as blob:
                for at in places:
                    blob.seek(numbers[at] % ROWS * size)
                    blob.write(packed[at].tobytes())

    def erase(self, numbers: Iterable[int]) -> None:
        """Overwrite the rows of `numbers` with zeros; a block that holds no passage any more goes."""
        for block, members in groupby(sorted(numbers), lambda number: number // ROWS):
            if not self._has(block):
                continue
            first = block * ROWS
            alive = "SELECT 1 FROM chunks WHERE id BETWEEN ? AND ? LIMIT 1"
            if not self._db.execute(alive, (first, first + ROWS - 1)).fetchone():
                self._db.execute(f"DELETE FROM {self._table} WHERE block = ?", (block,))
                continue
            with self._db.blobopen(self._table, "packed", block) as blob:
                size = len(blob) // ROWS
                for number in members:
                    blob.seek(number % ROWS * size)
                    blob.write(bytes(size))

    def read(self, numbers: np.ndarray) -> np.ndarray:
        """Rows float32 (n, width) of passages `numbers` (n,), rising. `ValueError` where any is missing."""
        matrix = np.empty((len(numbers), self.width()), np.float32)
        for start, rows in self.each(numbers):
            matrix[start : start + len(rows)] = rows
        return matrix

    def each(self, numbers: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Block by block: where its first row stands in `numbers`, and its rows float16 (some, width).

        Raises `ValueError` where a row of `numbers` is missing.
        """
        width, done = self.width(), 0
        for block, packed in self._db.execute(f"SELECT block, packed FROM {self._table} ORDER BY block"):
            if len(packed) != ROWS * width * 2:
                raise ValueError("vectors of the wrong length")
            start, end = np.searchsorted(numbers, [block * ROWS, (block + 1) * ROWS])
            rows = np.frombuffer(packed, np.float16).reshape(ROWS, width)
            yield int(start), rows[numbers[start:end] % ROWS]
            done += int(end - start)
        if done != len(numbers):
            raise ValueError("vectors are missing")

    def pick(self, numbers: Sequence[int]) -> np.ndarray:
        """Rows float32 (n, width) of a few passages in any order; zeros for one that is gone."""
        width = self.width()
        picked = np.zeros((len(numbers), width), np.float32)
        for block, places in groupby(np.argsort(numbers, kind="stable"), lambda at: numbers[at] // ROWS):
            if not self._has(block):
                continue
            with self._db.blobopen(self._table, "packed", block, readonly=True) as blob:
                for at in places:
                    blob.seek(numbers[at] % ROWS * width * 2)
                    picked[at] = np.frombuffer(blob.read(width * 2), np.float16)
        return picked

    def width(self) -> int:
        """Numbers a row; zero where there are no rows."""
        found = self._db.execute(f"SELECT length(packed) FROM {self._table} LIMIT 1").fetchone()
        return found[0] // (ROWS * 2) if found else 0

    def clear(self) -> None:
        """Remove every block, for vectors of another width."""
        self._db.execute(f"DELETE FROM {self._table}")

    def _has(self, block: int) -> bool:
        found = self._db.execute(f"SELECT 1 FROM {self._table} WHERE block = ?", (block,))
        return found.fetchone() is not None
