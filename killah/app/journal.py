"""What is not saved yet, kept so that a crash or `kill -9` loses nothing and a power cut a few seconds.

A journal is a private file: the text as it was (a JSON object), then each change (a JSON array
`[start, end, text]`) as it happens. The editor that writes it holds a lock on it, so one without a lock
was left by an editor that died.
"""

import fcntl
import hashlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from textual.document._document import Location

from killah.app.plain_text import PlainText
from killah.errors import KillahError
from killah.paths import cannot_write, private_dir


@dataclass(frozen=True)
class Recovered:
    """Unsaved text of an editor that died. `changed` is seconds since the epoch."""

    file: Path
    text: str
    changed: float


class Journal:
    """The journal of one text. The file exists while there is something unsaved."""

    def __init__(self, folder: Path, path: Path | None) -> None:
        self.error: KillahError | None = None
        self._folder = folder
        self._path = path
        self._file: Path | None = None
        self._descriptor = -1

    def record(self, document: PlainText, start: Location, end: Location, text: str) -> None:
        """Note a change that is about to be made. A full disk sets `error`; it never raises."""
        if self.error is not None:
            return
        try:
            if self._descriptor < 0:
                self._begin(document.text)
            self._append([start, end, text])
        except OSError as error:
            self.error = cannot_write(self._folder, error)
        except KillahError as error:
            self.error = error

    def retry(self, text: str) -> None:
        """After an error: begin again with the text as it is now."""
        old, descriptor = self._file, self._descriptor
        self.error = None
        try:
            self._begin(text)
        except OSError as error:
            self.error = cannot_write(self._folder, error)
        except KillahError as error:
            self.error = error
        if descriptor >= 0:
            os.close(descriptor)
        if old is not None and self.error is None:
            old.unlink(missing_ok=True)

    def sync(self) -> None:
        """Flush to the disk itself; safe from any thread, and slow."""
        try:
            descriptor = os.dup(self._descriptor)
        except OSError:  # nothing unsaved
            return
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def discard(self) -> None:
        """Forget it: the text was saved, or is not wanted."""
        self.error = None
        if self._file is not None:
            self._file.unlink(missing_ok=True)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._file, self._descriptor = None, -1

    def _begin(self, text: str) -> None:
        private_dir(self._folder)
        self._file = self._folder / f"{_key(self._path)}-{os.getpid()}-{time.time_ns()}.journal"
        self._descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._append({"path": str(self._path) if self._path else None, "text": text})

    def _append(self, entry: object) -> None:
        data = (json.dumps(entry, ensure_ascii=False) + "\n").encode("utf-8", "replace")
        if os.write(self._descriptor, data) < len(data):
            raise KillahError(
                f"Cannot write {self._folder}: the disk is full.", "Free some space and try again."
            )


def left_behind(folder: Path, path: Path | None) -> list[Recovered]:
    """Unsaved texts of this file, newest first, whose editors died."""
    files = folder.glob(f"{_key(path)}-*.journal")
    found = [recovered for file in files if (recovered := _read(file)) is not None]
    return sorted(found, key=lambda recovered: recovered.changed, reverse=True)


def _key(path: Path | None) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:16] if path else "untitled"


def _held(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _read(file: Path) -> Recovered | None:
    """Replay a journal, but for a last entry that was cut off.

    None where its editor lives, and where not even the text is whole.
    """
    try:
        with file.open(encoding="utf-8", errors="replace") as journal:
            if _held(journal.fileno()):
                return None
            base, *entries = journal.read().split("\n")
            changed = os.fstat(journal.fileno()).st_mtime
        text = PlainText(json.loads(base)["text"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    for entry in entries:
        try:
            start, end, new = json.loads(entry)
        except ValueError:
            break
        text.replace_range(tuple(start), tuple(end), new)
    return Recovered(file, text.text, changed)
