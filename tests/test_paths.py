"""Files are private, whole or not there, and a disk that says no is one sentence."""

import subprocess
import sys

import pytest

from killah import config, paths
from killah.errors import KillahError


def test_everything_moves_with_killah_home(home):
    for place in (paths.config_file(), paths.personas_dir(), paths.models_dir(), paths.state_dir()):
        assert place.is_relative_to(home)


def test_a_mac_uses_its_own_folders(monkeypatch):
    monkeypatch.delenv("KILLAH_HOME")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert paths.data_dir().parts[-3:] == ("Library", "Application Support", "killah")
    assert paths.state_dir().parts[-3:] == ("Library", "Logs", "killah")


def test_linux_uses_the_xdg_folders(monkeypatch, tmp_path):
    monkeypatch.delenv("KILLAH_HOME")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert paths.data_dir() == tmp_path / "killah"


def test_written_files_are_private(home):
    file = home / "a" / "b.txt"
    paths.write_private(file, "mine")
    assert file.read_text() == "mine"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["b.txt"]


def test_folders_above_are_private_too(home):
    """The names of personas, and of who is among them, are nobody else's business."""
    paths.private_dir(paths.data_dir() / "training" / "persona-saki")
    for folder in (paths.data_dir(), paths.data_dir() / "training"):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_path_that_cannot_be_written_is_one_sentence(home, monkeypatch):
    (home / "file").write_text("")
    monkeypatch.setenv("KILLAH_HOME", str(home / "file"))
    with pytest.raises(KillahError, match="Not a directory"):
        config.set_value("ghost", "off")


def test_a_full_disk_keeps_the_old_settings(tmp_path, monkeypatch):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted only by root")
    try:
        monkeypatch.setenv("KILLAH_HOME", str(disk / "killah"))
        config.set_value("min_p", "0.2")
        with pytest.raises(OSError, match="No space"):
            (disk / "filler").write_bytes(bytes(100_000))
        with pytest.raises(KillahError, match="the disk is full"):
            config.set_value("min_p", "0.3")
        assert config.load().min_p == 0.2
    finally:
        subprocess.run(["umount", str(disk)], check=True)
