"""Held-out rows of an adapter's data set, and figures over them: whole authors or documents are resampled."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from killah.errors import KillahError
from killah.gemma.base import Base
from killah.metrics.intervals import Estimate, bootstrap, bootstrap_paired
from killah.metrics.likelihood import bits_per_byte, bits_per_byte_gap
from killah.training import data
from killah.training.data import Row

SOURCES = ("author", "document")  # keys that say where a row is from


@dataclass(frozen=True)
class HeldOut:
    """Rows, each with what it was made of, its learned tokens and their UTF-8 bytes; (rows,) all.

    `sources` (rows,) numbers the author or document of each row; rows without one stand alone.
    """

    values: list[dict[str, Any]]
    rows: list[Row]
    tokens: np.ndarray
    sizes: np.ndarray
    sources: np.ndarray
    seed: int = 0

    def cost(self, nats: np.ndarray) -> Estimate:
        """Nats a learned token, from each row's total (rows,)."""
        return bootstrap(self._by_source(nats), self._by_source(self.tokens), seed=self.seed)

    def gap(self, nats: np.ndarray, others: np.ndarray) -> Estimate:
        """Nats a token less those of `others` on the same rows; below zero is better."""
        first, second, tokens = map(self._by_source, (nats, others, self.tokens))
        return bootstrap_paired(first, second, tokens, seed=self.seed)

    def bits(self, nats: np.ndarray) -> Estimate:
        """Bits a byte of what is learned; the end token is paid for and adds no byte."""
        return bits_per_byte(self._by_source(nats), self._by_source(self.sizes), seed=self.seed)

    def bits_gap(self, nats: np.ndarray, others: np.ndarray) -> Estimate:
        """Bits a byte less those of `others` on the same rows; below zero is better."""
        first, second, sizes = map(self._by_source, (nats, others, self.sizes))
        return bits_per_byte_gap(first, second, sizes, seed=self.seed)

    def where(self, keep: np.ndarray) -> "HeldOut":
        """The rows marked in `keep`, (rows,) bool."""
        chosen = np.flatnonzero(keep)
        return HeldOut(
            [self.values[i] for i in chosen],
            [self.rows[i] for i in chosen],
            self.tokens[keep],
            self.sizes[keep],
            self.sources[keep],
            self.seed,
        )

    def _by_source(self, totals: np.ndarray) -> np.ndarray:
        _, numbers = np.unique(self.sources, return_inverse=True)
        return np.bincount(numbers, totals)


def read(path: Path, count: int) -> list[dict[str, Any]]:
    """At most `count` rows at equal distances, so that every author and style keeps its share.

    Files whose rows correspond give corresponding rows. Raises `KillahError` for what is missing or no row.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
        values = [json.loads(line) for line in lines if line.strip()]
    except FileNotFoundError as error:
        raise KillahError(f"There is no {path}.", "Run `python -m tools.adapters prepare all`.") from error
    except (OSError, ValueError) as error:
        raise KillahError(f"Cannot read {path} as JSON lines.", "Prepare it again.") from error
    if not values:
        raise KillahError(f"{path} is empty.", "Prepare it again.")
    step = max(1.0, len(values) / count)
    return [values[int((i + 0.5) * step)] for i in range(min(count, len(values)))]


def encoded(values: Sequence[dict[str, Any]], base: Base, seed: int = 0) -> HeldOut:
    """Rows as the trainer encodes them. Raises `KillahError` for what is no training row."""
    try:
        rows = [data.encode(value, base.tokenizer, base.context) for value in values]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KillahError(f"A held-out row is not a training row: {error}.", "Prepare it again.") from error
    spelled = base.tokenizer.token_bytes
    return HeldOut(
        list(values),
        rows,
        np.array([row.learned.sum() for row in rows], float),
        np.array([sum(len(spelled[i]) for i in row.ids[row.learned]) for row in rows], float),
        np.unique([_source(value, i) for i, value in enumerate(values)], return_inverse=True)[1],
        seed,
    )


def as_text(values: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Instruction rows as a base knows text: the input, a blank line, and the output after it."""
    return [
        {key: value[key] for key in SOURCES if key in value}
        | {"prompt": f"{value.get('input', '')}\n\n", "completion": value["output"]}
        for value in values
    ]


def _source(value: dict[str, Any], number: int) -> str:
    return next((f"{key} {value[key]}" for key in SOURCES if key in value), f"row {number}")
