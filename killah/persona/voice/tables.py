"""Tables drawn with pipes, tabs, spaces or line characters, and tables of contents."""

import re
from collections.abc import Iterator

from killah.persona.voice.spans import Reason, Span, is_number, next_line, runs

_PIPES = re.compile(r"\s*\|.*\|\s*$|[^|]*\|[^|]*\|.*|\s*:?-{3,}:?\s*\|[\s:|-]*")
_DRAWN = re.compile(r"\s*[+│┃║╔╚╠┌└├╟┏┗┣╞╘╒|][-=─━═+│┃║┬┼┴┐┘┤╗╝╣╦╩╬╤╪╧╡\s]{2,}\s*$|\s*[│┃║].*[│┃║]\s*$")
_RULE = re.compile(r"\s*[-=─_]{3,}(?:\s+[-=─_]{3,})+\s*")
_GAP = re.compile(r"\t+| {3,}")
_LEAST = 3  # rows
_LONGEST_CELL = 5  # words, on average: sentences in columns are a play, not a table

_LEADERS = re.compile(r"\S.*?(?:\.{4,}|(?:\s\.){3,}|…{2,}|_{4,})[\s.…]*(?:\d{1,4}|[ivxlc]{1,7})\s*$")
_CONTENTS = re.compile(
    r"[\s#*_]*(?:table of )?contents[\s#*_.:]*|[\s#*_]*(?:содержание|оглавление)[\s#*_.:]*", re.IGNORECASE
)
_ENTRY = re.compile(
    r"\s*(?:[-*•]\s+)?(?:(?:chapter|part|book|act|section|appendix|letter|глава|часть|книга|раздел|приложение)\b.{0,80}"
    r"|(?:[IVXLC]{1,7}|\d{1,3}(?:\.\d{1,3}){0,3})[.):—–\s-]\s*\S.{0,80}|\S.{0,80}[\s.…]\d{1,4})\s*$",
    re.IGNORECASE,
)


def tables(lines: list[str]) -> Iterator[Span]:
    """Rows of pipes (two and more) or of columns (three and more)."""
    for start, end in runs(lines, (bool(_PIPES.match(line) or _DRAWN.match(line)) for line in lines), 2):
        yield Span(start, end, Reason.TABLES)
    rows = [_cells(line) for line in lines]
    for start, end in runs(lines, (len(row) > 1 for row in rows), _LEAST):
        if _is_table([row for row in rows[start:end] if row]):
            yield Span(start, end, Reason.TABLES)


def _cells(line: str) -> list[str]:
    if _RULE.fullmatch(line):
        return line.split()
    return _GAP.split(line.strip()) if "\t" in line or "   " in line else [line] * bool(line.strip())


def _is_table(rows: list[list[str]]) -> bool:
    """Whether rows of cells have the same columns, with little in each; two columns only with numbers."""
    width = max(len(rows[0]), len(rows[len(rows) // 2]))
    if sum(len(row) == width for row in rows) < 0.7 * len(rows):
        return False
    cells = [cell for row in rows for cell in row]
    if sum(len(cell.split()) for cell in cells) > _LONGEST_CELL * len(cells):
        return False
    if width == 2:
        return sum(is_number(row[-1]) or is_number(row[0]) for row in rows) >= 0.6 * len(rows)
    return True


def contents(lines: list[str]) -> Iterator[Span]:
    """Entries with dots that lead to a page, and the entries below the word Contents."""
    for start, end in runs(lines, (_leads_to_a_page(line) for line in lines), _LEAST):
        yield Span(start, end, Reason.CONTENTS)
    for at, line in enumerate(lines):
        if _CONTENTS.fullmatch(line) and (end := _entries(lines, at + 1)):
            yield Span(at, end, Reason.CONTENTS)


def _leads_to_a_page(line: str) -> bool:
    return line.rstrip()[-1:].isalnum() and bool(_LEADERS.match(line))


def _entries(lines: list[str], at: int) -> int | None:
    """The end of at least three entries from line `at` on."""
    count, end = 0, at
    while (at := next_line(lines, at)) < len(lines) and _ENTRY.match(lines[at]):
        count, at = count + 1, at + 1
        end = at
    return end if count >= _LEAST else None
