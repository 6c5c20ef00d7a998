"""The journal of suggestions: what ghost text was shown, what became of it, and what the writer wrote there.

One private file of JSON lines, the oldest dropped when it grows too large. It never leaves the machine; the
setting `journal_suggestions` switches it off, and `clear` deletes it.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from killah import paths
from killah.errors import KillahError

LARGEST = 4_000_000  # bytes
CONTEXT = 240  # characters before the caret that are kept with a suggestion
LONGEST = 120  # characters of what was written there

Fate = Literal["accepted", "word", "typed", "dismissed", "ignored"]


@dataclass(frozen=True)
class Suggestion:
    """Ghost text and its fate.

    `written` is what stands behind the caret's place in the end: the suggestion itself where it was taken and
    kept, what the writer wrote instead where not. `fate` is accepted (whole), word (a word or more of it),
    typed (the writer typed the same), dismissed (Escape), or ignored (typed over, or the caret moved).
    """

    persona: str
    context: str
    shown: str
    fate: Fate
    written: str
    time: float
    """Seconds since the epoch."""


def file() -> Path:
    """Where the journal is."""
    return paths.data_dir() / "suggestions.jsonl"


def add(suggestions: list[Suggestion]) -> None:
    """Append; the older half goes where there would be more than `LARGEST` bytes. Raises `KillahError`."""
    if not suggestions:
        return
    new = _lines(suggestions)
    try:
        with _locked():
            path = file()
            if path.exists() and path.stat().st_size + len(new.encode()) > LARGEST:
                lines = path.read_text("utf-8", "replace").splitlines(keepends=True)
                paths.write_private(path, "".join(lines[len(lines) // 2 :]))
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as journal:
                journal.write(new)
    except OSError as error:
        raise paths.cannot_write(file(), error) from error


def read(persona: str | None = None) -> Iterator[Suggestion]:
    """Suggestions in the order they were made, of one persona or of all; broken lines are left out."""
    try:
        lines = file().read_text("utf-8", "replace").split("\n")
    except FileNotFoundError:
        return
    except OSError as error:
        raise KillahError(f"Cannot read {file()}: {error.strerror}.") from error
    for line in lines:
        try:
            found = Suggestion(**json.loads(line))
        except (ValueError, TypeError):  # cut off by a kill, or of another version
            continue
        if persona is None or found.persona == persona:
            yield found


def clear(persona: str | None = None) -> int:
    """Delete the journal, or one persona's part of it; how many suggestions went. Raises `KillahError`."""
    try:
        with _locked():
            found = list(read())
            rest = [each for each in found if persona is not None and each.persona != persona]
            if rest:
                paths.write_private(file(), _lines(rest))
            else:
                file().unlink(missing_ok=True)
    except OSError as error:
        raise paths.cannot_write(file(), error) from error
    return len(found) - len(rest)


def _lines(found: list[Suggestion]) -> str:
    return "".join(json.dumps(asdict(each), ensure_ascii=False) + "\n" for each in found)


@contextmanager
def _locked() -> Iterator[None]:
    """One writer at a time: two editors may be open."""
    paths.private_dir(file().parent)
    descriptor = os.open(file().with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
