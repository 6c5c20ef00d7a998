"""Word and character error rate: how much of a transcript was heard wrong.

(substitutions + deletions + insertions) / words of the reference, so that it can be above one. Of several
alignments with equally many errors one is taken: only their sum is certain.

The table of edit distances is worked a row at a time, as bits of one integer (Myers 1999 in the form of
Hyyrö 2003), because whole transcripts of 50,000 words are compared too. Few rows are kept and the others
worked again on the way back, so that memory grows with the root of the table.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import TypeVar

from killah.metrics.intervals import Estimate, bootstrap
from killah.metrics.spoken import spoken

Item = TypeVar("Item", bound=Hashable)
Pair = tuple[Item | None, Item | None]
# A row of the table: where it rises by one from a cell to the next, and where it falls, as bits.
Row = tuple[int, int]


@dataclass(frozen=True)
class Errors:
    """What separates a hypothesis from its reference, in words or in characters."""

    hits: int
    substitutions: int
    deletions: int
    insertions: int

    @property
    def total(self) -> int:
        """All errors."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def length(self) -> int:
        """Length of the reference."""
        return self.hits + self.substitutions + self.deletions


def word_errors(reference: str, hypothesis: str) -> Errors:
    """Errors in words, of both texts as they are spoken."""
    return errors(spoken(reference).split(), spoken(hypothesis).split())


def character_errors(reference: str, hypothesis: str) -> Errors:
    """Errors in characters, of both texts as they are spoken; a space is a character."""
    return errors(spoken(reference), spoken(hypothesis))


def word_error_rate(
    references: Sequence[str], hypotheses: Sequence[str], *, level: float = 0.95, seed: int = 0
) -> Estimate:
    """Errors over words of all clips, with an interval over clips; both lists (clips,).

    Raises `ValueError` for lists of unequal length and for references without words.
    """
    return _rate(word_errors, references, hypotheses, level, seed)


def character_error_rate(
    references: Sequence[str], hypotheses: Sequence[str], *, level: float = 0.95, seed: int = 0
) -> Estimate:
    """As `word_error_rate`, in characters."""
    return _rate(character_errors, references, hypotheses, level, seed)


def _rate(
    count: Callable[[str, str], Errors],
    references: Sequence[str],
    hypotheses: Sequence[str],
    level: float,
    seed: int,
) -> Estimate:
    clips = [count(*pair) for pair in zip(references, hypotheses, strict=True)]
    return bootstrap([c.total for c in clips], [c.length for c in clips], level=level, seed=seed)


def errors(reference: Sequence[Hashable], hypothesis: Sequence[Hashable]) -> Errors:
    """Errors of a sequence, item by item as they are."""
    pairs = align(reference, hypothesis)
    hits = sum(old == new for old, new in pairs)
    deletions = sum(new is None for _, new in pairs)
    insertions = sum(old is None for old, _ in pairs)
    return Errors(hits, len(pairs) - hits - deletions - insertions, deletions, insertions)


def align(reference: Sequence[Item], hypothesis: Sequence[Item]) -> list[Pair[Item]]:
    """Both sequences side by side with the fewest errors; None where one of them has nothing."""
    places = _places(reference)
    column = len(reference)
    kept: list[Row] = [((1 << column) - 1, 0)]
    block = isqrt(len(hypothesis)) + 1
    starts = range(0, len(hypothesis), block)
    for start in starts:
        kept.append(_rows(kept[-1], hypothesis[start : start + block], places, column)[-1])
    pairs: list[Pair[Item]] = []
    for start, above in zip(reversed(starts), reversed(kept[:-1]), strict=True):
        items = hypothesis[start : start + block]
        rows = _rows(above, items, places, len(reference))
        column = _walk_back(rows, items, reference, column, pairs)
    pairs += [(item, None) for item in reversed(reference[:column])]
    return pairs[::-1]


def _places(reference: Sequence[Item]) -> dict[Item, int]:
    """Where each item stands, as bits."""
    found: dict[Item, list[int]] = {}
    for index, item in enumerate(reference):
        found.setdefault(item, []).append(index)
    return {item: sum(1 << index for index in indices) for item, indices in found.items()}


def _rows(above: Row, items: Sequence[Item], places: dict[Item, int], width: int) -> list[Row]:
    """The row `above` and one for each item below it (Hyyrö 2003, figure 5)."""
    ones = (1 << width) - 1
    rows = [above]
    up, down = above
    for item in items:
        same = places.get(item, 0)
        free = (((same & up) + up) ^ up) | same | down
        right_up = (down | (ones & ~(free | up))) << 1 | 1
        right_down = (free & up) << 1
        up, down = (right_down | ~(free | right_up)) & ones, right_up & free & ones
        rows.append((up, down))
    return rows


def _walk_back(
    rows: list[Row], items: Sequence[Item], reference: Sequence[Item], column: int, pairs: list[Pair[Item]]
) -> int:
    """Walk from the last row up to the first, from `column`; returns the column it ends in."""
    row = len(items)
    while row:
        if column and rows[row][0] >> (column - 1) & 1:
            column -= 1
            pairs.append((reference[column], None))
            continue
        row -= 1
        if not column or rows[row][1] >> (column - 1) & 1:
            pairs.append((None, items[row]))
        else:
            column -= 1
            pairs.append((reference[column], items[row]))
    return column
