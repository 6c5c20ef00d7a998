"""What every command shares: reading text in, printing text, tables or JSON out."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from killah.errors import KillahError

JSON = typer.Option(False, "--json", help="Print one JSON object instead of text.")


def print_json(value: Any, *, lines: bool = False) -> None:
    """One JSON value on stdout, text as it is; with `lines` in one line, at once."""
    print(json_text(value, lines=lines), flush=lines)


def json_text(value: Any, *, lines: bool = False) -> str:
    """What `print_json` prints."""
    return json.dumps(value, ensure_ascii=False, indent=None if lines else 2, default=str)


def table(columns: list[str], rows: list[list[Any]]) -> None:
    """A plain aligned table; numbers to the right."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        grid.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        # Text, not str: what looks like markup in a file name or a passage is no markup.
        grid.add_row(*(Text(f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row))
    Console(highlight=False).print(grid)


@contextmanager
def progress_bar(what: str, *, seconds: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr that appears with the first step; steps are bytes, or `seconds` of a recording."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    done = TextColumn("{task.completed} of {task.total} s") if seconds else DownloadColumn()
    columns = (TextColumn(what, markup=False), BarColumn(), done, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


def read_text(argument: str | None) -> str:
    """Text from the argument, the file of that name, or stdin (`-` or nothing, when it is piped)."""
    if argument is None or argument == "-":
        if sys.stdin.isatty():
            raise KillahError("No text was given.", "Pass text or a file name, or pipe text in.")
        return _decode(sys.stdin.buffer.read(), "stdin")
    path = Path(argument)
    try:
        is_file = path.is_file()
    except (OSError, ValueError):  # too long or not a path at all: it is text
        is_file = False
    if not is_file:
        return argument
    try:
        return _decode(path.read_bytes(), str(path))
    except OSError as error:
        raise KillahError(f"Cannot read {path}: {error.strerror}.") from error


def _decode(data: bytes, name: str) -> str:
    if b"\0" in data:
        raise KillahError(f"{name} is not text.", "Killah reads UTF-8 text here.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise KillahError(
            f"{name} is not UTF-8 text.", "Convert it first, for example with iconv."
        ) from error
