"""The journal. If these fail, a crash or a kill loses what was written."""

import os
import resource
import signal
import subprocess
import sys
import textwrap

import pytest

from killah.app.journal import Journal, left_behind
from killah.app.plain_text import PlainText


def type_text(journal: Journal, document: PlainText, text: str) -> None:
    document.before_change = journal.record
    for character in text:
        end = document.end
        document.replace_range(end, end, character)


def abandon(journal: Journal) -> None:
    """What the system does when a process dies: its files are closed, its locks are gone."""
    os.close(journal._descriptor)
    journal._descriptor = -1


def test_everything_typed_comes_back(tmp_path):
    file = tmp_path / "draft.md"
    document = PlainText("Once\n")
    journal = Journal(tmp_path / "recovery", file)
    type_text(journal, document, "upon a tïme\n«да»")
    document.replace_range((0, 0), (0, 4), "Twice")
    abandon(journal)
    [found] = left_behind(tmp_path / "recovery", file)
    assert found.text == document.text == "Twice\nupon a tïme\n«да»"
    assert left_behind(tmp_path / "recovery", tmp_path / "other.md") == []


def test_a_kill_in_the_middle_of_typing_loses_nothing_that_was_typed(tmp_path):
    program = """
        import sys
        from pathlib import Path
        from killah.app.journal import Journal
        from killah.app.plain_text import PlainText
        document = PlainText("start")
        document.before_change = Journal(Path(sys.argv[1]), None).record
        number = 0
        while True:
            number += 1
            document.replace_range(document.end, document.end, f" {number}")
            print(number, flush=True)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    last = next(line for line in process.stdout if int(line) >= 200)
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate()
    last = (rest.split() or [last])[-1]
    [found] = left_behind(tmp_path, None)
    words = found.text.split()
    assert words[0] == "start"
    assert words[1:] == [str(n) for n in range(1, len(words))]
    assert len(words) - 1 >= int(last)


def test_an_entry_that_was_cut_off_is_left_out(tmp_path):
    document = PlainText("")
    journal = Journal(tmp_path, None)
    type_text(journal, document, "abc")
    file = journal._file
    abandon(journal)
    file.write_bytes(file.read_bytes()[:-4])
    [found] = left_behind(tmp_path, None)
    assert found.text == "ab"


def test_the_journal_of_a_living_editor_is_not_taken(tmp_path):
    document = PlainText("")
    journal = Journal(tmp_path, None)
    type_text(journal, document, "abc")
    assert left_behind(tmp_path, None) == []
    journal.discard()
    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_can_read_it(tmp_path):
    folder = tmp_path / "recovery"
    journal = Journal(folder, None)
    type_text(journal, PlainText(""), "secret")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert journal._file.stat().st_mode & 0o777 == 0o600
    journal.discard()


def test_nothing_is_written_before_something_changes(tmp_path):
    Journal(tmp_path, None).sync()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_an_error_to_tell_and_typing_goes_on(tmp_path):
    document = PlainText("")
    journal = Journal(tmp_path, None)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))
    try:
        type_text(journal, document, "x" * 50)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert journal.error is not None
    assert "Cannot write" in str(journal.error)
    assert document.text == "x" * 50
    journal.retry(document.text)  # there is room again
    assert journal.error is None
    abandon(journal)
    [found] = left_behind(tmp_path, None)
    assert found.text == "x" * 50


def test_a_folder_that_cannot_be_made_is_an_error_to_tell(tmp_path):
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "recovery", None)
    type_text(journal, PlainText(""), "abc")
    assert journal.error is not None


@pytest.mark.parametrize("data", [b"", b"{", b'{"path": null}\n', b"\x00\xff\n[1]"])
def test_a_damaged_journal_is_passed_over(tmp_path, data):
    (tmp_path / "untitled-1-1.journal").write_bytes(data)
    assert left_behind(tmp_path, None) == []
