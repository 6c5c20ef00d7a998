"""What every command shares: reading text in, printing text, tables or JSON out."""

import errno
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
        grid.add_column(column, justify="right" if numeric else "left", overflow="fold", no_wrap=numeric)
    for row in rows:
        # Text, not str: what looks like markup in a file name or a passage is no markup.
        grid.add_row(*(Text(f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row))
    Console(highlight=False).print(grid)


@contextmanager
def progress_bar(what: str, *, seconds: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr that appears with the first step; steps are bytes, or `seconds` of a recording."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    if not sys.stderr.isatty():
        yield lambda _, __: None
        return
    done = TextColumn("{task.completed} of {task.total} s") if seconds else DownloadColumn()
    columns = (TextColumn(what, markup=False), BarColumn(), done, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


def read_text(argument: str | None) -> str:
    """Text from the argument, the file of that name, or stdin (`-` or nothing, when it is piped)."""
    if argument is None or argument == "-":
        if sys.stdin is None or sys.stdin.isatty():  # None where a script has closed it
            raise KillahError("No text was given.", "Pass text or a file name, or pipe text in.")
        return _decode(sys.stdin.buffer.read(), "stdin")
    path = Path(argument)
    try:
        return _decode(path.read_bytes(), str(path))
    except FileNotFoundError:
        if _names_a_document(argument):
            raise KillahError(f"{argument} does not exist.", "If it is text, pipe it in.") from None
    except IsADirectoryError as error:
        raise KillahError(f"{argument} is a folder.", "Name a file in it, or pipe text in.") from error
    except ValueError:  # no path at all
        pass
    except OSError as error:
        if error.errno not in (errno.ENAMETOOLONG, errno.ENOTDIR):
            raise KillahError(f"Cannot read {path}: {error.strerror}.") from error
    return argument


def _names_a_document(argument: str) -> bool:
    """Whether it is one word with a document's ending: a mistyped name, and hardly text to go on from."""
    from killah.persona.readers import format_of

    return not any(map(str.isspace, argument)) and format_of(argument) is not None


def _decode(data: bytes, name: str) -> str:
    if b"\0" in data:
        raise KillahError(f"{name} is not text.", "Killah reads UTF-8 text here.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise KillahError(
            f"{name} is not UTF-8 text.", "Convert it first, for example with iconv."
        ) from error
