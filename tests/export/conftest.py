"""A disk that can be filled."""

import contextlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = 4096


@dataclass(frozen=True)
class Disk:
    """A file system of five megabytes."""

    folder: Path

    def fill(self, left=4):
        """Leave it a few pages, as another program would."""
        with (self.folder / "other").open("ab", buffering=0) as file:
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(PAGE))
            file.truncate(file.tell() - left * PAGE)

    @property
    def names(self):
        """What is on it besides."""
        return sorted(path.name for path in self.folder.iterdir() if path.name != "other")


@pytest.fixture
def disk(tmp_path):
    """Mounted for this test; only root may."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(folder)]
    linux = sys.platform == "linux" and shutil.which("mount")
    if not linux or subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("needs the right to mount a file system")
    yield Disk(folder)
    subprocess.run(["umount", str(folder)], check=True)
