"""JSON files that say what their folder holds, and the proof that it still holds that.

Weights are hashed before they are used: a flipped bit in a language model is not an error message but
a slightly worse writer. Large folders are hashed once, until a file's size or time of change differs.
"""

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, StringConstraints

from killah import paths
from killah.errors import KillahError

ALWAYS_HASHED = 256_000_000  # bytes of a whole folder; below this a hash costs less than a quarter second

FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Content = TypeVar("Content", bound=BaseModel)


class File(BaseModel):
    """A file's size in bytes and its SHA-256 in hexadecimal."""

    bytes: int
    sha256: str


def describe(path: Path) -> File:
    """Size and hash of a file."""
    return File(bytes=path.stat().st_size, sha256=sha256(path))


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: Path, kind: type[Content], newest: int, step: str) -> Content | None:
    """What `path` says, in a format up to the `newest`; None where there is no such file.

    Raises `KillahError`: for a newer format, and where it is damaged, with `step`, what to do then.
    """
    try:
        raw = json.loads(path.read_text("utf-8"))
        written = raw.get("format")
        if isinstance(written, int) and written > newest:
            raise KillahError(
                f"{path.parent} was made by a newer Killah (format {written}).", "Update Killah."
            )
        return kind.model_validate(raw)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise KillahError(f"Cannot read {path}: {error.strerror}.") from error
    except (ValueError, AttributeError, RecursionError) as error:
        raise KillahError(f"{path} is damaged.", step) from error


def verify(manifest: Path, files: dict[str, File], step: str) -> None:
    """Compare each file beside `manifest` with what it says. Raises `KillahError` at the first difference."""
    large = sum(file.bytes for file in files.values()) >= ALWAYS_HASHED
    seen = _read_seen() if large else {}
    new: dict[str, list[int | str]] = {}
    for name, file in files.items():
        path = manifest.parent / name
        try:
            status = path.stat()
            if status.st_size != file.bytes:
                raise KillahError(f"{path} has {status.st_size:,} bytes instead of {file.bytes:,}.", step)
            mark: list[int | str] = [status.st_size, status.st_mtime_ns, file.sha256]
            if seen.get(str(path.resolve())) != mark:
                check_hash(path, file.sha256, manifest.name, step)
                new[str(path.resolve())] = mark
        except FileNotFoundError as error:
            raise KillahError(f"{path} is missing.", step) from error
        except OSError as error:
            raise KillahError(f"Cannot read {path}: {error.strerror}.", step) from error
    if new and large:
        # On a read-only disk the next start hashes again: slower, not wrong.
        with contextlib.suppress(KillahError):
            paths.write_private(_seen_file(), json.dumps(seen | new))


def check_hash(path: Path, expected: str, manifest: str, step: str) -> None:
    """Raise `KillahError` unless a file has the SHA-256 that the file called `manifest` gives."""
    if sha256(path) != expected:
        raise KillahError(f"{path} is damaged: its SHA-256 is not the one in {manifest}.", step)


def _seen_file() -> Path:
    return paths.state_dir() / "verified.json"


def _read_seen() -> dict[str, list[int | str]]:
    """Files that were hashed before: path -> [bytes, mtime in ns, sha256]."""
    try:
        seen = json.loads(_seen_file().read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # never written or damaged: hash again
    return seen if isinstance(seen, dict) else {}
