"""Where dictated text is kept while it grows: a file of the owner's, or a draft until it is on stdout."""

import os
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from killah import paths
from killah.app.document import Document, WouldOverwrite, open_document
from killah.errors import KillahError


class Kept:
    """A text file that others may write too: what they wrote is never written over.

    Raises `KillahError` where the file cannot be read, before a word is said.
    """

    def __init__(self, path: Path) -> None:
        self.problem: KillahError | None = None  # why the text is not in the file
        self._document = open_document(path)
        self._document.private = True

    @property
    def text(self) -> str:
        """What the file holds."""
        return self._document.text

    def keep(self, text: str) -> str:
        """Write the whole text; a sentence for the owner where that did not go as expected, or nothing."""
        try:
            self.problem = None
            self._document.save(text)
        except WouldOverwrite as changed:
            return self._keep_beside(text, changed)
        except KillahError as error:
            self.problem = error
            return f"{error.what} Your words are still here; it is tried again at the next pause."
        return ""

    def forget(self) -> None:
        """The text is somewhere else now."""
        if self._document.path is not None:
            self._document.path.unlink(missing_ok=True)

    def _keep_beside(self, text: str, changed: WouldOverwrite) -> str:
        old = self._document
        assert old.path is not None
        beside = next(_free(old.path))
        self._document = Document(beside, newline=old.newline, bom=old.bom, private=True)
        told = self.keep(text)
        return told or f"{changed.what} The dictated text goes on in {self._document.name}."


def draft() -> Kept | None:
    """What keeps a text that is printed at the end, in case this process is killed before.

    None where nothing can be kept: that is no reason not to listen.
    """
    try:
        folder = paths.private_dir(paths.state_dir() / "recovery")
        return Kept(folder / f"dictation-{os.getpid()}-{time.time_ns()}.txt")
    except KillahError:
        return None


def left_behind() -> list[Path]:
    """Drafts of dictations that were killed."""
    found = (paths.state_dir() / "recovery").glob("dictation-*-*.txt")
    return sorted(path for path in found if not _runs(path.stem.split("-")[1]))


def _runs(process: str) -> bool:
    """Whether there is a process of that number."""
    if not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def _free(path: Path) -> Iterator[Path]:
    """Names beside a file's that no file has: notes.dictated.md, notes.dictated-2.md, ..."""
    for number in count(1):
        beside = path.with_stem(f"{path.stem}.dictated" + (f"-{number}" if number > 1 else ""))
        if not beside.exists():
            yield beside
