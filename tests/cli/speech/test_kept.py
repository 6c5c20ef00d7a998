"""Dictated text in its file. If these fail, a writer loses what they said, or what others wrote."""

import os

import pytest

from killah import paths
from killah.cli.speech.conversation_page import Notes
from killah.cli.speech.kept import Kept, draft, left_behind
from killah.engine.talking.conversation import Asked
from killah.errors import KillahError


def test_another_program_s_words_stay_and_the_dictated_ones_go_on_beside_them(tmp_path):
    file = tmp_path / "notes.md"
    file.write_text("Mine.")
    kept = Kept(file)
    assert kept.keep("Mine. We went home") == ""
    file.write_text("Theirs, meanwhile.")
    told = kept.keep("Mine. We went home and slept")
    assert "changed by another program" in told and "notes.dictated.md" in told
    assert kept.keep("Mine. We went home and slept well") == ""
    assert file.read_text() == "Theirs, meanwhile."
    assert (tmp_path / "notes.dictated.md").read_text() == "Mine. We went home and slept well"
    assert not kept.problem


def test_no_file_is_taken_that_is_there_already(tmp_path):
    file = tmp_path / "notes.md"
    (tmp_path / "notes.dictated.md").write_text("from yesterday")
    kept = Kept(file)
    file.write_text("made meanwhile")
    kept.keep("We went home")
    assert (tmp_path / "notes.dictated.md").read_text() == "from yesterday"
    assert (tmp_path / "notes.dictated-2.md").read_text() == "We went home"


def test_links_modes_and_line_breaks_stay_as_they_are(tmp_path):
    file, link = tmp_path / "real.md", tmp_path / "link.md"
    file.write_bytes(b"one\r\ntwo")
    file.chmod(0o664)
    link.symlink_to(file)
    kept = Kept(link)
    kept.keep(kept.text + "\nthree")
    assert link.is_symlink() and file.read_bytes() == b"one\r\ntwo\r\nthree"
    assert file.stat().st_mode & 0o777 == 0o664


def test_a_new_file_is_for_its_owner_s_eyes(tmp_path):
    Kept(tmp_path / "new.md").keep("We went home")
    assert (tmp_path / "new.md").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_written_now_is_written_later(tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir()
    kept = Kept(folder / "notes.md")
    folder.rename(tmp_path / "pulled")
    assert "Your words are still here" in kept.keep("We went")
    assert kept.problem
    (tmp_path / "pulled").rename(folder)
    assert kept.keep("We went home") == "" and not kept.problem
    assert (folder / "notes.md").read_text() == "We went home"


def test_a_draft_is_told_of_only_when_its_dictation_is_dead():
    kept = draft()
    assert kept is not None
    kept.keep("We went home")
    (mine,) = (paths.state_dir() / "recovery").iterdir()
    assert left_behind() == []
    dead = mine.rename(mine.with_name(mine.name.replace(str(os.getpid()), "999999999")))
    assert left_behind() == [dead] and dead.read_text() == "We went home"


def test_a_conversation_is_written_into_a_file_that_others_write_too(tmp_path):
    file = tmp_path / "talk.md"
    file.write_text("# Monday\n")
    notes = Notes(file)
    assert notes.add(Asked("where are the keys", "typed")) == ""
    assert file.read_text() == "# Monday\n\n**You:** where are the keys\n"
    file.write_text("theirs")
    assert "talk.dictated.md" in notes.add(Asked("where is the car", "typed"))
    assert file.read_text() == "theirs"
    with pytest.raises(KillahError, match="is a folder"):
        Notes(tmp_path)
