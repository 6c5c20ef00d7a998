"""A file as the editor knows it: read whole or refused in one sentence, written whole or not at all."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from killah.errors import KillahError
from killah.paths import cannot_write

LARGEST = 10_000_000  # bytes
LONGEST_LINE = 100_000  # characters; every key lays the whole line out again
BOM = b"\xef\xbb\xbf"
WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH

Stamp = tuple[int, int, int]  # inode, size in bytes, modification time in nanoseconds


class WouldOverwrite(KillahError):
    """The file is not the one this editor read or wrote last."""


@dataclass
class Document:
    """A file, or none yet. `text` is what the file holds, with newlines for line breaks."""

    path: Path | None = None
    text: str = ""
    newline: str = "\n"
    bom: bool = False
    stamp: Stamp | None = None  # None: the file does not exist
    private: bool = False  # a new file is for its owner's eyes only

    @property
    def name(self) -> str:
        """For the status bar and questions."""
        return self.path.name if self.path else "untitled"

    @property
    def stamp_now(self) -> Stamp | None:
        """The file's stamp on disk: another than `stamp` where another program changed the file."""
        return _stamp(self.path) if self.path else None

    def save(self, text: str, path: Path | None = None, *, overwrite: bool = False) -> None:
        """Write `text` to the file, or to `path` and be that file from then on.

        Raises `WouldOverwrite`, unless `overwrite`, where that loses what somebody else wrote or does not
        want to be written, and `KillahError` when the file cannot be written; then the old one is untouched.
        """
        target = _absolute(path) if path else self.path
        if target is None:
            raise KillahError("This text has no file name yet.", "Use Save as.")
        if target.is_dir():
            raise KillahError(f"{target} is a folder.", "Name a file in it.")
        if not target.parent.is_dir():
            raise _no_folder(target.parent)
        known = target == self.path
        now = _stamp(target)
        if not overwrite and now is not None and now != (self.stamp if known else None):
            what = "was changed by another program" if known and self.stamp else "exists already"
            raise WouldOverwrite(f"{target.name} {what}.")
        if not overwrite and now is not None and _read_only(target):
            raise WouldOverwrite(f"{target.name} is read-only.")
        _replace(Path(os.path.realpath(target)), self._encode(text), private=self.private)
        self.path, self.text, self.stamp = target, text, _stamp(target)

    def _encode(self, text: str) -> bytes:
        data = text.replace("\n", self.newline).encode("utf-8", "replace")
        return BOM + data if self.bom else data


def open_document(path: Path) -> Document:
    """Read a text file; one that does not exist yet is empty. Raises `KillahError` for anything else."""
    path = _absolute(path)
    try:
        if not _exists(path):
            return Document(path)
        data = path.read_bytes()
        stamp = _stamp(path)
    except OSError as error:
        raise KillahError(f"Cannot read {path}: {(error.strerror or str(error)).lower()}.") from error
    text = _decode(path, data.removeprefix(BOM))
    newline, text = _unify(text)
    if max(map(len, text.split("\n"))) > LONGEST_LINE:
        raise KillahError(
            f"{path.name} has a line of more than {LONGEST_LINE:,} characters.",
            "Break it into shorter ones first, for example with: fold -s",
        )
    return Document(path, text, newline, data.startswith(BOM), stamp)


def _absolute(path: Path) -> Path:
    return Path.cwd() / path.expanduser()  # not resolved: a symbolic link keeps its own name


def _exists(path: Path) -> bool:
    try:
        found = path.stat()
    except FileNotFoundError:
        if path.parent.is_dir():
            return False
        raise _no_folder(path.parent) from None
    if stat.S_ISDIR(found.st_mode):
        raise KillahError(f"{path} is a folder.", "Name a file in it.")
    if not stat.S_ISREG(found.st_mode):
        raise KillahError(f"{path} is not an ordinary file.")
    if found.st_size > LARGEST:
        size = f"{found.st_size / 1e6:.0f} MB"
        raise KillahError(
            f"{path.name} is {size}; the editor opens at most {LARGEST / 1e6:.0f} MB.", "Split it."
        )
    return True


def _no_folder(folder: Path) -> KillahError:
    return KillahError(f"There is no folder {folder}.", "Make it first, or choose another.")


def _decode(path: Path, data: bytes) -> str:
    if b"\0" in data:
        raise KillahError(f"{path.name} is not a text file.", "Killah edits UTF-8 text.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        hint = f"Convert it first, for example: iconv -f CP1251 -t UTF-8 {path.name} > new.txt"
        raise KillahError(f"{path.name} is not UTF-8 text.", hint) from error


def _unify(text: str) -> tuple[str, str]:
    """The file's line break, and the text with newlines; mixed ones stay as they are."""
    returns = text.count("\r")
    if returns and returns == text.count("\r\n") == text.count("\n"):
        return "\r\n", text.replace("\r\n", "\n")
    if returns and "\n" not in text:
        return "\r", text.replace("\r", "\n")
    return "\n", text


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _read_only(path: Path) -> bool:
    """Whether its owner put it out of harm's way: a rename over it would not ask."""
    return not os.access(path, os.W_OK) or not path.stat().st_mode & WRITABLE


def _replace(path: Path, data: bytes, *, private: bool) -> None:
    """Write beside the file, flush, rename over it: its mode stays, and for root its owner."""
    new = path.with_name(f".killah-{os.getpid()}.new")
    try:
        old = path.stat() if path.exists() else None
        with new.open("wb") as file:
            if old is not None or private:
                os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode) if old else 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if old is not None and os.geteuid() == 0:
            os.chown(new, old.st_uid, old.st_gid)
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise KillahError(cannot_write(path, error).what, "Your text is still here: use Save as.") from error
