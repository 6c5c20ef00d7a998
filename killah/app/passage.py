"""A passage of the text: what is selected, or the paragraph at the caret, without the blanks around it."""

from dataclasses import dataclass

from textual.document._document import Location, Selection

from killah.app.plain_text import PlainText


@dataclass(frozen=True)
class Passage:
    """Text between two locations, as it was when it was chosen."""

    start: Location
    end: Location
    text: str

    def stands_in(self, document: PlainText) -> bool:
        """Whether the text is still at its place, unchanged."""
        return self.end <= document.end and document.get_text_range(self.start, self.end) == self.text


def chosen(document: PlainText, selection: Selection) -> Passage | None:
    """The selection (in either direction), or the paragraph at the caret; None where there are no words."""
    start, end = sorted(selection)
    if start == end:
        first, last = _paragraph(document, start[0])
        start, end = (first, 0), (last, len(document[last]))
    text = document.get_text_range(start, end)
    core = text.strip()
    start = _after(start, text[: len(text) - len(text.lstrip())])
    return Passage(start, _after(start, core), core) if core else None


def place_below(document: PlainText, end: Location) -> tuple[Location, str]:
    """Where a paragraph after `end` goes, and the line break it needs after it.

    That is behind the line, if nothing more is on it, or else behind the paragraph, which is not cut in two.
    """
    row, column = end
    if document[row][column:].strip():
        row = _paragraph(document, row)[1]
    followed = row + 1 < document.line_count and document[row + 1].strip()
    return (row, len(document[row])), "\n" if followed else ""


def _paragraph(document: PlainText, row: int) -> tuple[int, int]:
    """First and last line of the paragraph at a line; blank lines are between paragraphs."""
    first = last = row
    if document[row].strip():
        while first > 0 and document[first - 1].strip():
            first -= 1
        while last + 1 < document.line_count and document[last + 1].strip():
            last += 1
    return first, last


def _after(start: Location, text: str) -> Location:
    """Where a text that begins at `start` ends."""
    rows = text.count("\n")
    column = len(text) - text.rfind("\n") - 1
    return start[0] + rows, column if rows else start[1] + len(text)
