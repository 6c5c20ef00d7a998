"""The terminal the editor draws on, kept clean of what other code prints."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from killah.errors import KillahError
from killah.paths import cannot_write, private_dir

LARGEST_LOG = 1_000_000  # bytes


def need_terminal(*, drawing_on_stdout: bool) -> None:
    """Raise `KillahError` unless a person can type and see."""
    seen = sys.stdout if drawing_on_stdout else sys.stderr
    if not (sys.stdin.isatty() and seen.isatty()):
        raise KillahError(
            "The editor needs a terminal.", "In a script, use `killah complete` or `killah continue` instead."
        )


@contextmanager
def quiet_stderr(log: Path) -> Iterator[None]:
    """Let file descriptor 2 go to a private log file, and only Textual (`sys.__stderr__`) to the terminal.

    C libraries and child processes write to descriptor 2 behind Python's back, over the text. Where
    stdout is a file or a pipe, `sys.__stdout__` is the terminal meanwhile: Textual asks it for the size.
    """
    private_dir(log.parent)
    try:
        full = log.exists() and log.stat().st_size > LARGEST_LOG
        flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if full else os.O_APPEND)
        descriptor = os.open(log, flags, 0o600)
    except OSError as error:
        raise cannot_write(log, error) from error
    before = sys.stderr, sys.__stderr__, sys.__stdout__
    terminal = os.dup(2)
    os.dup2(descriptor, 2)
    sys.__stderr__ = os.fdopen(terminal, "w", encoding="utf-8", errors="replace", closefd=False)
    if not sys.stdout.isatty():
        sys.__stdout__ = sys.__stderr__
    sys.stderr = os.fdopen(descriptor, "w", buffering=1, encoding="utf-8", errors="replace")
    try:
        yield
    finally:
        sys.__stderr__.flush()
        sys.stderr.close()
        os.dup2(terminal, 2)
        os.close(terminal)
        sys.stderr, sys.__stderr__, sys.__stdout__ = before
