"""What the persona tests share: the real embedding model (loaded once), samples, a small disk."""

import subprocess
from pathlib import Path

import pytest

from killah.paths import shipped
from killah.persona.embedding import Embedder


@pytest.fixture
def embedder():
    """The model that comes with Killah. Loading is shared by the process."""
    return Embedder("all-MiniLM-L6-v2")


@pytest.fixture
def samples():
    """The sample writings that come with Killah."""
    return shipped("samples")


@pytest.fixture
def writing(tmp_path):
    """A folder with four short documents of different subjects."""
    folder = tmp_path / "writing"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    return folder


TEXTS = {
    "bread.txt": "Knead the dough until it is smooth. Let it rise for two hours, then bake the loaf "
    "in a hot oven. A good crust needs steam, so put a pan of water under the bread.\n",
    "harbour.md": "# The harbour\n\nThe fishing boats came in at dawn, heavy with herring. Gulls followed "
    "them over the grey water, and the men on the quay threw ropes and shouted.\n",
    "cells.txt": "The membrane of a cell lets small molecules through and keeps large ones out. Proteins in "
    "it act as gates, which open when a signal arrives.\n",
    "court.md": "The judge read the verdict in a dry voice. The prisoner did not move, and his counsel "
    "closed the file as if it had never been opened.\n",
}


@pytest.fixture
def small_disk(tmp_path):
    """`small_disk(kilobytes)` mounts a disk of that size; needs root. `remount("ro")` changes it."""
    mounted = []

    def mount(kilobytes: int) -> Path:
        folder = tmp_path / "disk"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("a disk can be mounted by root only")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)
