"""A folder appears whole or not at all, and never over something else."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil

from killah import paths
from killah.errors import KillahError


def check(target: Path, record: str, *, force: bool) -> None:
    """Raise `KillahError` unless `target` may be made, or, recognised by its file `record`, replaced."""
    if not target.exists():
        return
    if not (target / record).is_file():
        raise KillahError(f"{target} exists and is something else.", "Choose another name.")
    if not force:
        raise KillahError(f"{target} exists already.", "Give --force to replace it, or choose another name.")


def check_space(target: Path, needed: int) -> None:
    """Raise `KillahError` if `needed` bytes do not fit where `target` will be."""
    place = next(path for path in target.absolute().parents if path.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise KillahError(
            f"The model needs {needed / 1e6:,.0f} MB, but {place} has {free / 1e6:,.0f} MB free.",
            "Free some space.",
        )


def copy(source: Path, target: Path) -> None:
    """Copy a small file if it is there, readable by its owner only."""
    if not source.is_file():
        return
    try:
        data = source.read_bytes()
    except OSError as error:
        raise KillahError(f"Cannot read {source}: {error.strerror}.") from error
    try:
        target.write_bytes(data)
        target.chmod(0o600)
    except OSError as error:
        raise paths.cannot_write(target, error) from error


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A private folder beside `target`: takes its place at the end, vanishes if anything goes wrong."""
    paths.private_dir(target.parent)
    _sweep(target)
    new, old = (target.with_name(f".{target.name}.{os.getpid()}.{kind}") for kind in ("new", "old"))
    paths.private_dir(new)
    try:
        yield new
        if target.exists():
            target.rename(old)
        new.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise paths.cannot_write(target, error) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _sweep(target: Path) -> None:
    """Tidy up after a process that was killed: its new folder goes, its old one comes back if need be."""
    for path in target.parent.glob(f".{target.name}.*"):
        *_, pid, kind = path.name.split(".")
        if kind not in ("new", "old") or not pid.isdigit() or psutil.pid_exists(int(pid)):
            continue
        if kind == "old" and not target.exists():
            path.rename(target)
        else:
            shutil.rmtree(path, ignore_errors=True)
