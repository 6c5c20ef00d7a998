"""A home of Killah's that is not the user's, for what is measured."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def home(folder: Path) -> Iterator[Path]:
    """`folder` is home within; afterwards what was."""
    before = os.environ.get("KILLAH_HOME")
    os.environ["KILLAH_HOME"] = str(folder.resolve())
    try:
        yield folder.resolve()
    finally:
        if before is None:
            del os.environ["KILLAH_HOME"]
        else:
            os.environ["KILLAH_HOME"] = before


@contextmanager
def temporary() -> Iterator[Path]:
    """A folder that goes away afterwards, with the home in it."""
    with TemporaryDirectory() as folder, home(Path(folder, "home")):
        yield Path(folder)
