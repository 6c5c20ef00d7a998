"""A folder is used only if it is byte for byte what was written, and its own file says so in one sentence."""

import os

import pytest
from pydantic import BaseModel

from killah import manifests, paths
from killah.errors import KillahError

NAME, WEIGHTS = "about.json", "weights.safetensors"


class About(BaseModel):
    """What stands in the file of these tests."""

    format: int = 1
    name: str


@pytest.fixture
def folder(tmp_path):
    (tmp_path / WEIGHTS).write_bytes(b"weights")
    return tmp_path


def verify(folder, described=None):
    files = {WEIGHTS: described or manifests.File(bytes=7, sha256=SHA256)}
    manifests.verify(folder / NAME, files, "Make it again.")


SHA256 = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c"  # printf weights | sha256sum


def read(folder):
    return manifests.read(folder / NAME, About, 1, "Make it again.")


def test_what_is_written_is_read(folder):
    assert read(folder) is None
    assert read(folder / WEIGHTS) is None  # a file where a folder should be
    (folder / NAME).write_text(About(name="terse").model_dump_json())
    assert read(folder) == About(name="terse")


def test_a_newer_format_asks_for_a_newer_killah(folder):
    (folder / NAME).write_text('{"format": 2, "unheard_of": true}')
    with pytest.raises(KillahError, match=r"newer Killah \(format 2\)\. Update Killah\."):
        read(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 1}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_damaged_is_one_sentence(folder, content):
    (folder / NAME).write_bytes(content)
    with pytest.raises(KillahError, match=r"about\.json is damaged\. Make it again\."):
        read(folder)


def test_files_are_what_was_described(folder):
    assert manifests.describe(folder / WEIGHTS) == manifests.File(bytes=7, sha256=SHA256)
    verify(folder)
    with pytest.raises(KillahError, match=r"SHA-256 is not the one in about\.json\. Make it again\."):
        verify(folder, manifests.File(bytes=7, sha256="0" * 64))
    with pytest.raises(KillahError, match="has 7 bytes instead of 1,000"):
        verify(folder, manifests.File(bytes=1000, sha256=SHA256))
    (folder / WEIGHTS).unlink()
    with pytest.raises(KillahError, match=f"{WEIGHTS} is missing"):
        verify(folder)


def test_large_folders_are_hashed_once_until_they_change(folder, monkeypatch):
    """Hashing gigabytes at each start would cost seconds; a new time of change is enough to look again."""
    monkeypatch.setattr(manifests, "ALWAYS_HASHED", 0)
    hashed = []
    real = manifests.sha256
    monkeypatch.setattr(manifests, "sha256", lambda path: hashed.append(path.name) or real(path))
    verify(folder)
    assert hashed == [WEIGHTS]
    verify(folder)
    assert hashed == [WEIGHTS]
    os.utime(folder / WEIGHTS)
    verify(folder)
    assert hashed == [WEIGHTS] * 2
    assert (paths.state_dir() / "verified.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x": 1}'])
def test_a_damaged_memory_of_hashes_only_costs_time(folder, monkeypatch, content):
    monkeypatch.setattr(manifests, "ALWAYS_HASHED", 0)
    paths.write_private(paths.state_dir() / "verified.json", content)
    verify(folder)


def test_where_nothing_can_be_remembered_a_large_folder_is_still_checked(folder, monkeypatch, home):
    monkeypatch.setattr(manifests, "ALWAYS_HASHED", 0)
    (home / "state").write_text("a file where the folder should be")
    verify(folder)
