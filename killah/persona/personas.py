"""Personas by name: which there are, where each lies, who may write to it."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from killah import paths
from killah.errors import KillahError

_NAME = re.compile(r"\w[\w.@+ -]{0,62}")
_ENDING = ".sqlite"
NOBODY = "none"  # what `--persona` takes for no persona at all


def path_of(name: str) -> Path:
    """The file of a persona, there or not. Raises `KillahError` for a name that could lead elsewhere."""
    if name == NOBODY:
        what = f"{name!r} stands for nobody: no persona has this name."
        raise KillahError(what, "To write like nobody for a while: killah persona pause")
    if not _is_name(name):
        what = f"{name!r} is not a name for a persona."
        raise KillahError(
            what, "Use up to 63 letters, digits, spaces and . _ - + @, beginning with a letter."
        )
    return paths.personas_dir() / f"{name}{_ENDING}"


def names() -> list[str]:
    """Every persona there is, in order; a file that could be no persona's is none."""
    return sorted(path.stem for path in paths.personas_dir().glob(f"*{_ENDING}") if _is_name(path.stem))


def _is_name(name: str) -> bool:
    plain = _NAME.fullmatch(name) and name == name.strip() and not name.endswith(".")
    return bool(plain) and name != NOBODY


def existing(name: str) -> Path:
    """The file of a persona that is there; `KillahError` where it is not."""
    path = path_of(name)
    if not path.is_file():
        refuse_blend(name)
        raise KillahError(
            f"There is no persona {name!r}.", f"Make it: killah index FOLDER --persona {quote(name)}"
        )
    return path


def without_text(name: str) -> KillahError:
    """For what needs text of a persona that was trained only, or of which all was forgotten."""
    return KillahError(
        f"The persona {name!r} has no text.", f"Index some: killah index FOLDER --persona {quote(name)}"
    )


def refuse_blend(name: str) -> None:
    """Raise `KillahError` for the name of a blend: it has no text of its own, and a persona would hide it."""
    from killah.persona import blends  # which stands on this file

    if (parts := blends.kept().get(name)) and name not in names():
        raise KillahError(f"{name!r} is a blend.", f"Name one of its personas: {', '.join(parts)}.")


@dataclass(frozen=True)
class Summary:
    """A persona for a list. `counts` has documents, words, passages, MB and paused, or a `problem`."""

    name: str
    counts: dict[str, Any]


def summaries() -> list[Summary]:
    """Every persona there is; a damaged one is in the list with its problem."""
    return [Summary(name, _counts(path_of(name))) for name in names()]


def _counts(path: Path) -> dict[str, Any]:
    from killah.persona.store import Store  # numpy: not needed to know a name

    try:
        with Store.open(path) as store:
            paused = store.setting("paused") is not None
            return store.counts() | {"MB": round(path.stat().st_size / 1e6, 1), "paused": paused}
    except KillahError as error:
        return {"problem": error.what}


def delete(name: str) -> None:
    """Remove everything a persona stored, damaged or not."""
    path = existing(name)
    with lock(name):
        for leftover in (path, *(path.with_name(path.name + tail) for tail in ("-wal", "-shm", ".lock"))):
            try:
                leftover.unlink(missing_ok=True)
            except OSError as error:
                raise paths.cannot_write(leftover, error) from error


@contextmanager
def lock(name: str) -> Iterator[None]:
    """One writer at a time. Raises `KillahError` at once where another runs; a killed one leaves no lock."""
    path = path_of(name).with_name(f"{name}{_ENDING}.lock")
    paths.private_dir(path.parent)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise paths.cannot_write(path, error) from error
    with os.fdopen(descriptor, "wb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            what = f"Another killah is writing to the persona {name!r}."
            raise KillahError(what, "Wait until it is done.") from error
        yield
