"""An export is there whole or not at all, and what was there before is never lost."""

import pytest

from killah.errors import KillahError
from killah.export import folder


def make(target, text="new", **options):
    with folder.new(target, **options) as new:
        (new / "model.bin").write_text(text)
        (new / folder.RECORD).write_text("{}")
        assert not target.exists() or options.get("force")


def test_it_appears_at_the_end_and_is_private(tmp_path):
    make(tmp_path / "out")
    assert (tmp_path / "out" / "model.bin").read_text() == "new"
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, KillahError("The disk is full.")])
def test_an_interrupted_one_leaves_nothing(tmp_path, interruption):
    with pytest.raises((KeyboardInterrupt, KillahError)), folder.new(tmp_path / "out") as new:
        (new / "model.bin").write_text("half")
        raise interruption
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_one_leaves_the_one_before(tmp_path):
    make(tmp_path / "out", "old")
    with pytest.raises(KeyboardInterrupt), folder.new(tmp_path / "out", force=True) as new:
        (new / "model.bin").write_text("half")
        raise KeyboardInterrupt
    assert (tmp_path / "out" / "model.bin").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_only_an_export_is_replaced_and_only_with_force(tmp_path):
    make(tmp_path / "out", "old")
    with pytest.raises(KillahError, match=r"exists already\. Give --force"):
        make(tmp_path / "out")
    make(tmp_path / "out", "new", force=True)
    assert (tmp_path / "out" / "model.bin").read_text() == "new"
    (tmp_path / "letters").mkdir()
    with pytest.raises(KillahError, match="is something else"):
        make(tmp_path / "letters", force=True)


def test_too_little_room_is_said_before_work_begins(tmp_path):
    with pytest.raises(KillahError, match="Free some space"):
        make(tmp_path / "out", needed=10**18)
    assert list(tmp_path.iterdir()) == []
