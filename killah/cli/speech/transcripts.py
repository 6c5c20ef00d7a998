"""Where transcripts go: to stdout as they grow, or each into a file that takes no other text's place."""

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from killah import paths
from killah.errors import KillahError


class Transcripts(ABC):
    """A place for the transcripts of several recordings."""

    @abstractmethod
    def put(self, recording: Path, pieces: Iterable[str]) -> None:
        """Take one transcript, piece by piece as it comes. Raises `KillahError`."""

    @abstractmethod
    def end(self) -> None:
        """There are no more."""


class OnStdout(Transcripts):
    """One after the other; `listed` JSON is one array."""

    def __init__(self, *, listed: bool) -> None:
        self._listed, self._any = listed, False

    def put(self, recording: Path, pieces: Iterable[str]) -> None:  # noqa: ARG002
        """Print the pieces."""
        for number, piece in enumerate(pieces):
            first = self._listed and number == 0
            self._print(f"{',' if self._any else '['}\n{piece}" if first else piece)
            self._any = True

    def end(self) -> None:
        """Close the array."""
        if self._listed:
            self._print("]\n" if self._any else "[]\n")

    def _print(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


class InFolder(Transcripts):
    """A file a recording, by its name; raises `KillahError` where no such folder can be."""

    def __init__(self, folder: Path, ending: str, *, overwrite: bool) -> None:
        self._folder, self._ending, self._overwrite = folder, ending, overwrite
        self._made: set[Path] = set()
        if folder.exists() and not folder.is_dir():
            raise KillahError(f"{folder} is not a folder.", "Name one; it is made where it is missing.")

    def put(self, recording: Path, pieces: Iterable[str]) -> None:
        """Write the file; while it grows, and where it breaks off, it is called FILE.part."""
        target = self._folder / f"{recording.stem}.{self._ending}"
        if target in self._made:
            raise KillahError(f"{target} is of another recording.", "Name another folder for this one.")
        if target.exists() and not self._overwrite:
            raise KillahError(f"{target} is there already.", "Add --overwrite, or name another folder.")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with _growing(target) as write:
                for piece in pieces:
                    write(piece)
        except OSError as error:
            raise paths.cannot_write(target, error) from error
        self._made.add(target)
        typer.echo(f"{target}", err=True)

    def end(self) -> None:
        """Every file is whole already."""


@contextmanager
def _growing(target: Path) -> Iterator[Callable[[str], object]]:
    """A private file that takes its name when it is whole; one that breaks off stays, and is told of."""
    part = target.with_name(f"{target.name}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(os.open(part, flags, 0o600), "w", encoding="utf-8", buffering=1) as file:
        try:
            yield file.write
        except BaseException:
            file.flush()
            if part.stat().st_size:
                typer.echo(f"killah: What was written so far is in {part}.", err=True)
            else:
                part.unlink()
            raise
    part.replace(target)
