"""Soft wrap that makes room for ghost text: the ghost is laid out as if typed, but is not in the document.

Builds on Textual's private layout tables (`_wrap_offsets`, `_offset_to_line_info`); tests hold them.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from textual.document._document import Location
from textual.document._wrapped_document import WrappedDocument
from textual.geometry import Offset


@dataclass(frozen=True)
class Placed:
    """Ghost text and where it is drawn."""

    row: int
    column: int
    text: str


class Row(NamedTuple):
    """One row on screen: its text, which part of it is ghost, and whether the line ends with it."""

    text: str
    ghost: tuple[int, int]
    last: bool


@dataclass(frozen=True)
class _OneLine:
    """What `wrap_range` asks of a document when one line is wrapped anew: a count, and a slice of lines."""

    line_count: int
    line: str

    @property
    def lines(self) -> "_OneLine":
        return self

    def __getitem__(self, _: slice) -> list[str]:
        return [self.line]


class GhostWrap(WrappedDocument):
    """A wrapped document with at most one ghost in it. Locations are always those of the document."""

    ghost: Placed | None = None
    after_edit: Placed | None = None  # the ghost there will be when the edit under way is laid out

    @property
    def height(self) -> int:
        """Rows on screen. Textual sums over all lines, for each row it draws."""
        return len(self._offset_to_line_info)

    def show(self, ghost: Placed | None) -> None:
        """Lay the document out with this ghost instead of the last one."""
        old, self.ghost = self.ghost, ghost
        for row in {placed.row for placed in (old, ghost) if placed is not None}:
            self._rewrap(row)

    def wrap_range(self, start: Location, old_end: Location, new_end: Location) -> None:
        """Wrap what an edit changed. The old ghost goes, `after_edit` takes its place."""
        super().wrap_range(start, old_end, new_end)
        self.ghost, self.after_edit = self.after_edit, None
        if self.ghost is not None:
            self._rewrap(self.ghost.row)

    def wrap(self, width: int, tab_width: int | None = None) -> None:
        """Wrap everything for a new width, in cells."""
        super().wrap(width, tab_width)
        if self.ghost is not None:
            self._rewrap(self.ghost.row)

    def get_sections(self, line_index: int) -> list[str]:
        """The rows on screen that a line fills, its ghost included."""
        line = self._shown(line_index)
        return [line[a:b] for a, b in pairwise([0, *self._wrap_offsets[line_index], len(line)])]

    def rows(self, line_index: int) -> list[Row]:
        """How the rows of a line look, but for caret and selection."""
        if line_index >= len(self._wrap_offsets):
            return []
        return [self.row(line_index, section) for section in range(len(self._wrap_offsets[line_index]) + 1)]

    def row(self, line_index: int, section: int) -> Row:
        """How one row of a line looks."""
        text, cuts = self._shown(line_index), self._wrap_offsets[line_index]
        start = cuts[section - 1] if section else 0
        end = cuts[section] if section < len(cuts) else len(text)
        ghost = (0, 0)
        if (placed := self.ghost) is not None and placed.row == line_index:
            after = placed.column + len(placed.text)
            ghost = (max(placed.column, start) - start, min(after, end) - start)
        return Row(text[start:end], ghost if ghost[0] < ghost[1] else (0, 0), section == len(cuts))

    def location_to_offset(self, location: Location) -> Offset:
        """Where on screen (cells) a location of the document is."""
        row, column = location
        if (ghost := self.ghost) is not None and row == ghost.row and column > ghost.column:
            column += len(ghost.text)
        return super().location_to_offset((row, column))

    def offset_to_location(self, offset: Offset) -> Location:
        """The location of the document at a place on screen (cells); on the ghost, where it begins."""
        row, column = super().offset_to_location(offset)
        if (ghost := self.ghost) is not None and row == ghost.row and column > ghost.column:
            column = max(ghost.column, column - len(ghost.text))
        return row, column

    def _shown(self, row: int) -> str:
        line = self.document[row]
        if (ghost := self.ghost) is None or row != ghost.row:
            return line
        return line[: ghost.column] + ghost.text + line[ghost.column :]

    def _rewrap(self, row: int) -> None:
        document = self.document
        if row >= document.line_count:
            return
        stand_in: Any = _OneLine(document.line_count, self._shown(row))
        self.document = stand_in
        try:
            super().wrap_range((row, 0), (row, 0), (row, 0))
        finally:
            self.document = document
