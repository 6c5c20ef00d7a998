"""Paragraphs as a reader meets them, and what is set aside because the format itself says what it is."""

from collections import Counter

from killah.persona.readers import clean
from killah.persona.voice import Prose, Reason, own

_LAYOUT_WORDS = 50  # a table cell with more is a page laid out with tables, not a table


class Blocks:
    """Collects a document: paragraphs in order, words set aside by reason, table cells judged by size."""

    def __init__(self) -> None:
        self.left_out = Counter[str]()
        self._kept: list[str] = []
        self._cells: list[list[str]] = []

    def add(self, paragraph: str, reason: Reason | None = None) -> None:
        """Take one paragraph, or count its words under `reason`."""
        if not (paragraph := paragraph.strip(" \t\n\xa0")):
            return
        if reason is not None:
            self.left_out[reason.value] += len(paragraph.split())
        elif self._cells:
            self._cells[-1].append(paragraph)
        else:
            self._kept.append(paragraph)

    def open_cell(self) -> None:
        """What follows is in a table cell; cells may stand in cells."""
        self._cells.append([])

    def close_cell(self) -> None:
        """The innermost cell ends: a short one is of a table, a long one holds prose."""
        words = sum(len(paragraph.split()) for paragraph in self._cells[-1])
        if words > _LAYOUT_WORDS:
            self._kept += self._cells.pop()
        elif self._cells.pop():
            self.left_out[Reason.TABLES.value] += words

    def prose(self, *, is_mail: bool = False) -> Prose:
        """The document: paragraphs with a blank line between them, without what the rules find in them."""
        while self._cells:
            self.close_cell()
        prose = own(clean("\n\n".join(self._kept)), is_mail=is_mail)
        return Prose(prose.text, self.left_out + prose.left_out)
