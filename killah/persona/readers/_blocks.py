"""Paragraphs as a reader meets them, and what is set aside because the format itself says what it is."""

from collections import Counter

from killah.persona.readers import clean
from killah.persona.voice import Prose, Reason, own

# A page may be laid out with tables: such cells hold this many words, or fewer where a row is one cell.
_LAYOUT_WORDS, _LONE_WORDS = 50, 8


class Blocks:
    """Collects a document: paragraphs in order, words set aside by reason, table rows judged by cells."""

    def __init__(self) -> None:
        self.left_out = Counter[str]()
        self._kept: list[str] = []
        self._rows: list[list[list[str]]] = []  # open rows, one in another; their cells; their paragraphs

    def add(self, paragraph: str, reason: Reason | None = None) -> None:
        """Take one paragraph, or count its words under `reason`."""
        if not (paragraph := paragraph.strip(" \t\n\xa0")):
            return
        if reason is not None:
            self.left_out[reason.value] += len(paragraph.split())
        elif self._rows and self._rows[-1]:
            self._rows[-1][-1].append(paragraph)
        else:
            self._kept.append(paragraph)

    def open_row(self) -> None:
        """A table row begins; it may stand in a cell of another."""
        self._rows.append([])

    def open_cell(self) -> None:
        """A cell begins, where a row is open, and ends the one before."""
        if self._rows:
            self._rows[-1].append([])

    def close_row(self) -> None:
        """The innermost row ends: cells of a few words were a table, long ones are prose."""
        cells = self._rows.pop()
        least = _LONE_WORDS if len(cells) == 1 else _LAYOUT_WORDS
        for cell in cells:
            words = sum(len(paragraph.split()) for paragraph in cell)
            if words >= least:
                self._kept += cell
            elif words:
                self.left_out[Reason.TABLES.value] += words

    def prose(self, *, is_mail: bool = False) -> Prose:
        """The document: paragraphs with a blank line between them, without what the rules find in them."""
        while self._rows:
            self.close_row()
        prose = own(clean("\n\n".join(self._kept)), is_mail=is_mail)
        return Prose(prose.text, self.left_out + prose.left_out)
