"""A hostile document costs one line and nothing else, and the next document is read."""

import os
import signal
from pathlib import Path

import pytest

from killah.persona.parsing import Limits, Parser, Unavailable, read_ahead
from killah.persona.readers import Unreadable
from killah.persona.scanning import scan


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.txt"
    path.write_text("A few words of text.")
    return str(path)


def test_a_document_is_read_and_known_again(small):
    with Parser() as parser:
        document = parser.read(small, "txt")
        assert (document.chunks, document.words) == (["A few words of text."], 5)
        assert parser.read(small, "txt", document.sha256) is None


def test_a_document_that_takes_too_long_is_given_up_and_the_next_is_read(tmp_path, small):
    slow = tmp_path / "slow.txt"
    slow.write_text("Abc def ghi. " * 2_300_000)
    with Parser(Limits(seconds=1)) as parser:
        with pytest.raises(Unreadable, match="takes more than 1 seconds"):
            parser.read(str(slow), "txt")
        assert parser.read(small, "txt").words == 5


def test_a_document_that_needs_too_much_memory_is_given_up_and_the_next_is_read(tmp_path, small):
    large = tmp_path / "large.txt"
    large.write_text("Wide ☃ words. " * 2_000_000)
    with Parser(Limits(memory=128 << 20)) as parser:
        with pytest.raises(Unreadable, match="too much memory"):
            parser.read(str(large), "txt")
        assert parser.read(small, "txt").words == 5


def test_a_document_that_had_to_wait_is_not_to_blame_and_is_tried_again(small):
    with Parser(Limits(clock=2)) as parser:
        parser.read(small, "txt")
        os.kill(parser.worker_pid, signal.SIGSTOP)  # as on a disk that does not answer
        with pytest.raises(Unavailable, match="not read within 2 seconds: the disk or the machine is busy"):
            parser.read(small, "txt")
        assert parser.read(small, "txt").words == 5


def test_a_reader_that_crashes_is_one_reason_and_the_next_document_is_read(small):
    with Parser() as parser:
        parser.read(small, "txt")
        parser.interrupt()
        with pytest.raises(Unreadable, match="crashed its reader"):
            parser.read(small, "txt")
        assert parser.read(small, "txt").words == 5


def test_a_line_of_100_mb_is_refused_by_its_size_alone(tmp_path):
    path = tmp_path / "line.txt"
    path.touch()
    os.truncate(path, 100_000_000)
    with Parser() as parser:
        parser.read(__file__, "txt")
        with pytest.raises(Unreadable, match="too large: 100 MB, at most 32 MB"):
            parser.read(str(path), "txt")


def test_a_file_that_went_away_may_be_tried_again(tmp_path):
    with Parser() as parser, pytest.raises(Unavailable, match="cannot be opened: no such file"):
        parser.read(str(tmp_path / "gone.txt"), "txt")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_one_reason(small):
    Path(small).chmod(0)
    with Parser() as parser, pytest.raises(Unavailable, match="permission denied"):
        parser.read(small, "txt")


def test_what_became_a_link_or_a_pipe_since_it_was_listed_is_refused(tmp_path, small):
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "link.txt").symlink_to(small)
    with Parser() as parser:
        with pytest.raises(Unreadable, match="not a file"):
            parser.read(str(tmp_path / "pipe.txt"), "txt")
        with pytest.raises(Unreadable, match="symbolic"):
            parser.read(str(tmp_path / "link.txt"), "txt")


def test_no_module_of_the_folder_one_stands_in_is_run(tmp_path, monkeypatch, small):
    """`cd hostile-folder; killah index .` must not run its json.py."""
    (tmp_path / "json.py").write_text("raise SystemExit('run')")
    monkeypatch.chdir(tmp_path)
    with Parser() as parser:
        assert parser.read(small, "txt").words == 5


@pytest.mark.timeout(60)
def test_reading_ahead_can_be_stopped(tmp_path):
    for number in range(40):
        (tmp_path / f"{number}.txt").write_text(f"Document {number}.")
    files = list(scan([tmp_path]).files.values())
    outcomes = read_ahead(files, {}, None)
    assert next(outcomes)[1].words == 2
    outcomes.close()
    assert not list(outcomes)
