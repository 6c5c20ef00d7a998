"""A disk that fills up while an export is written: one sentence, and nothing is left on it."""

import contextlib
import importlib.util
import shutil
import subprocess
import sys

import loras
import pytest

from killah.adapters.package import Adapter
from killah.errors import KillahError
from killah.export import doors
from killah.export.composed import Composed, Weighted
from killah.export.doors import Wish


@pytest.fixture
def disk(tmp_path):
    """Five megabytes, all of the file system."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(folder)]
    linux = sys.platform == "linux" and shutil.which("mount")
    if not linux or subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("needs the right to mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def made(tmp_path):
    tiny = loras.base(tmp_path / "tiny", 4)
    adapter = Adapter(loras.card(tiny[1]), loras.tensors(tiny[0]))
    return Composed(*tiny, "terse", (Weighted(adapter),))


def fill(disk):
    """Leave it four pages, as another program would."""
    with (disk / "other").open("ab", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        file.truncate(file.tell() - 4 * 4096)


@pytest.mark.parametrize("name", ["hf", "gguf", "peft", "mlx-lm"])
def test_other_programs_files(made, disk, name, monkeypatch):
    monkeypatch.setattr(doors.folder.placing, "check_space", lambda target, needed: fill(disk))
    door = {"hf": doors.to_hf, "gguf": doors.to_gguf, "peft": doors.to_peft, "mlx-lm": doors.to_mlx_lm}[name]
    with pytest.raises(KillahError, match=r"the disk is full\. Free some space"):
        door(made, Wish(disk / "out", checked=False))
    assert [path.name for path in disk.iterdir()] == ["other"]


@pytest.mark.skipif(importlib.util.find_spec("executorch") is None, reason="pip install 'killah[export]'")
@pytest.mark.filterwarnings("ignore")  # torch's and ExecuTorch's own
def test_a_bundle(made, disk):
    from killah.export.executorch import bundle, wish

    wanted = wish.Wish(disk / "out", "portable", context=32)

    def step(what):
        if what == "writing the program":
            fill(disk)

    with pytest.raises(KillahError, match=r"the disk is full\. Free some space"):
        bundle.export(wish.Parts(made), wanted, step)
    assert [path.name for path in disk.iterdir()] == ["other"]
