"""A persona kept current while its owner works: a change under a root starts an index run.

The runs obey all rules of `indexing` and take the persona's lock only while they last. What stops one (the
persona is paused, another process writes, a folder is away) is said once and tried again every few seconds.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import Any

import watchfiles

from killah import paths
from killah.errors import KillahError
from killah.persona.embedding import Embedder
from killah.persona.indexing import index
from killah.persona.readers import format_of
from killah.persona.report import Report
from killah.persona.scanning import IGNORE_FILE, hidden, is_under

_QUIET, _LONGEST = 500, 5000  # milliseconds without a change that end a burst; a burst lasts no longer
_AGAIN = 5.0  # seconds until something that stopped a run is tried again


@dataclass(frozen=True)
class Update:
    """What one run changed, or why there was none."""

    report: Report | None = None
    problem: str = ""

    def facts(self) -> dict[str, Any]:
        """For a program to read: the report's fields, or `problem`."""
        return asdict(self.report) if self.report else {"problem": self.problem}

    def __str__(self) -> str:
        if self.report is None:
            return self.problem
        counts = {
            f"read ({self.report.words:,} words)": self.report.read,
            "removed": self.report.removed,
            "unchanged": self.report.unchanged,
            "skipped": len(self.report.skipped),
        }
        return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)


def watch(
    roots: Iterable[str | Path],
    persona: str,
    embedder: Embedder,
    *,
    exclude: Iterable[str] = (),
    stop: Event | None = None,
) -> Iterator[Update]:
    """Index `roots` again after every burst of changes, until `stop` is set; updates that tell something new.

    Raises `KillahError` where the system cannot watch so much, and `KeyboardInterrupt`.
    """
    places = [os.path.realpath(Path(root).expanduser()) for root in roots]
    stop, exclude = stop or Event(), list(exclude)
    before = Update()
    for _ in _bursts(places, stop):
        while True:
            update = _run(places, persona, embedder, exclude)
            if _tells(update, before):
                yield update
            before = update
            if not update.problem or stop.wait(_AGAIN):
                break


def _run(places: list[str], persona: str, embedder: Embedder, exclude: list[str]) -> Update:
    try:
        return Update(index(places, persona, embedder, exclude=exclude))
    except KillahError as error:
        return Update(problem=str(error))


def _tells(update: Update, before: Update) -> bool:
    if update.report is None:
        return update.problem != before.problem
    if before.problem:  # that it is over must be said, even where nothing changed meanwhile
        return True
    skipped = before.report.skipped if before.report else []
    return update.report.changed or update.report.skipped != skipped


def _bursts(places: list[str], stop: Event) -> Iterator[None]:
    """Once for every burst of changes that may concern an index run."""
    while not stop.is_set():
        known = _identities(places)
        if not known:
            stop.wait(_AGAIN)
            continue
        for changes in _changes(list(known), stop):
            if changes:
                yield
            if (
                _identities(places) != known
            ):  # moved away, put back, saved by renaming: watch what is there now
                yield
                break


def _changes(places: list[str], stop: Event) -> Iterator[set[watchfiles.main.FileChange]]:
    """Sets of changes, an empty one every few seconds; ends where a place is gone."""
    try:
        yield from watchfiles.watch(
            *places,
            watch_filter=lambda _, path: _concerns(path, places),
            debounce=_LONGEST,
            step=_QUIET,
            rust_timeout=int(_AGAIN * 1000),
            yield_on_timeout=True,
            stop_event=stop,
        )
    except FileNotFoundError:
        return
    except OSError as error:
        what = f"The system cannot watch so many folders ({error})."
        raise KillahError(what, "Watch a smaller folder, or raise the system's limit.") from error


def _concerns(path: str, places: list[str]) -> bool:
    """Whether a changed path may be one that is read, a rule, or a folder."""
    place = next((place for place in places if is_under(path, [place])), "")
    names = Path(path[len(place) :].lstrip("/")).parts
    if is_under(path, [os.path.realpath(paths.data_dir())]):
        return False
    if any(hidden(name, is_folder=True) for name in names[:-1]):
        return False
    if names and names[-1] == IGNORE_FILE:
        return True
    if names and hidden(names[-1], is_folder=False):
        return False
    return format_of(path) is not None or not Path(path).is_file()


def _identities(places: list[str]) -> dict[str, tuple[int, int]]:
    """Which file or folder each of `places` is now; those that are away are missing."""
    found = {}
    for place in places:
        try:
            status = Path(place).stat()
        except OSError:
            continue
        found[place] = (status.st_dev, status.st_ino)
    return found
