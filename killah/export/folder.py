"""An export appears whole or not at all, and never over something else.

It is made in a hidden folder beside its place, forced to disk and renamed. An error or Ctrl-C leaves nothing;
what a killed process left is tidied up by the next export to the same place.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from killah import paths
from killah.gemma import placing

RECORD = "export.json"  # what it was made of; by this an export is recognised


@contextlib.contextmanager
def new(target: Path, *, force: bool = False, needed: int = 0, record: str = RECORD) -> Iterator[Path]:
    """A private folder that becomes `target` when the block is left without an error.

    It should take about `needed` bytes, and hold a file `record` in the end: only what has one is replaced,
    and that only with `force`. Raises `KillahError` for what is in the way and what the disk does not allow.
    """
    target = target.expanduser().absolute()
    placing.check(target, record, force=force)
    placing.check_space(target, needed)
    with placing.new_folder(target) as folder:
        yield folder
        for path in (*folder.rglob("*"), folder):
            _sync(path)
    with contextlib.suppress(OSError):  # some file systems cannot sync a folder; the rename is done
        _sync(target.parent)


def _sync(path: Path) -> None:
    """Wait until a file's, or a folder's, contents are on the disk."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise paths.cannot_write(path, error) from error
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
