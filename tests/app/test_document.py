"""Opening and saving. If these fail, a writer loses a file, or its line ends, or sees a traceback."""

import os
import resource

import pytest

from killah.app import document as module
from killah.app.document import Document, WouldOverwrite, open_document
from killah.errors import KillahError


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"one\ntwo\n",
        b"one\r\ntwo\r\n",
        b"one\rtwo\r",
        b"mixed\r\nends\nstay\ras they are",
        b"\xef\xbb\xbfwith a mark\n",
        "Он шёл\u2028домой\x0c\n".encode(),
        b"no newline at the end",
    ],
)
def test_a_file_saved_unchanged_is_the_same_bytes(tmp_path, data):
    file = tmp_path / "draft.txt"
    file.write_bytes(data)
    document = open_document(file)
    document.save(document.text)
    assert file.read_bytes() == data


def test_new_lines_take_the_file_s_own_style(tmp_path):
    file = tmp_path / "dos.txt"
    file.write_bytes(b"one\r\ntwo")
    document = open_document(file)
    document.save(document.text + "\nthree")
    assert file.read_bytes() == b"one\r\ntwo\r\nthree"


def test_mode_is_kept_and_nothing_is_left_beside_it(tmp_path):
    file = tmp_path / "draft.txt"
    file.write_text("a")
    file.chmod(0o640)
    open_document(file).save("b")
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["draft.txt"]


def test_a_symbolic_link_stays_one(tmp_path):
    file, link = tmp_path / "real.txt", tmp_path / "link.txt"
    file.write_text("a")
    link.symlink_to(file)
    document = open_document(link)
    document.save("b")
    assert link.is_symlink()
    assert file.read_text() == "b"
    assert document.name == "link.txt"


def test_a_file_that_is_not_there_yet_is_made_on_save(tmp_path):
    document = open_document(tmp_path / "new.md")
    assert document.text == ""
    assert not (tmp_path / "new.md").exists()
    document.save("hello")
    assert (tmp_path / "new.md").read_text() == "hello"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda file: file.write_bytes(b"\x7fELF\x00\x01"), "not a text file"),
        (lambda file: file.write_bytes("Привет, мир".encode("cp1251")), "not UTF-8"),
        (lambda file: file.mkdir(), "is a folder"),
        (os.mkfifo, "not an ordinary file"),
        (lambda file: file.write_text("x" * 5_000_000), "a line of more than 100,000 characters"),
        (lambda file: file.write_text("word\n" * 2_100_000), "10 MB"),
        (lambda file: file.symlink_to(file), "Cannot read"),
    ],
)
def test_what_cannot_be_edited_is_refused_in_one_sentence(tmp_path, make, says):
    file = tmp_path / "thing"
    make(file)
    with pytest.raises(KillahError, match=says) as error:
        open_document(file)
    assert "\n" not in str(error.value)


def test_an_unreadable_file_is_refused(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    file = tmp_path / "secret.txt"
    file.write_text("x")
    file.chmod(0)
    with pytest.raises(KillahError, match="permission denied"):
        open_document(file)


def test_a_folder_that_is_not_there_is_told_at_once(tmp_path):
    with pytest.raises(KillahError, match="There is no folder"):
        open_document(tmp_path / "nowhere" / "draft.txt")


def test_another_program_s_change_is_not_written_over(tmp_path):
    file = tmp_path / "draft.txt"
    file.write_text("mine")
    document = open_document(file)
    file.write_text("theirs, and longer")
    with pytest.raises(WouldOverwrite, match="changed by another program"):
        document.save("mine again")
    assert file.read_text() == "theirs, and longer"
    document.save("mine again", overwrite=True)
    assert file.read_text() == "mine again"
    document.save("and once more")  # it is ours now


def test_a_read_only_file_is_written_only_by_somebody_who_says_so(tmp_path):
    file = tmp_path / "final.txt"
    file.write_text("as printed")
    file.chmod(0o444)
    document = open_document(file)
    with pytest.raises(WouldOverwrite, match=r"final\.txt is read-only"):
        document.save("changed")
    assert file.read_text() == "as printed"
    document.save("changed", overwrite=True)
    assert file.read_text() == "changed"
    assert file.stat().st_mode & 0o777 == 0o444


def test_a_private_text_is_for_its_owner_but_an_old_file_keeps_its_mode(tmp_path):
    Document(tmp_path / "new.txt", private=True).save("dictated")
    assert (tmp_path / "new.txt").stat().st_mode & 0o777 == 0o600
    old = tmp_path / "old.txt"
    old.write_text("shared")
    old.chmod(0o664)
    document = open_document(old)
    document.private = True
    document.save("dictated")
    assert old.stat().st_mode & 0o777 == 0o664


def test_save_as_does_not_write_over_another_file(tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("precious")
    document = Document()
    with pytest.raises(WouldOverwrite, match="exists already"):
        document.save("text", other)
    assert other.read_text() == "precious"
    assert document.path is None


def test_a_folder_is_not_saved_over(tmp_path):
    with pytest.raises(KillahError, match="is a folder"):
        Document().save("text", tmp_path)


def test_a_full_disk_leaves_the_old_file_whole(tmp_path):
    file = tmp_path / "draft.txt"
    file.write_text("the old text")
    document = open_document(file)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(KillahError, match=r"Cannot write .*draft\.txt"):
            document.save("x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.read_text() == "the old text"
    assert [path.name for path in tmp_path.iterdir()] == ["draft.txt"]


def test_a_folder_one_cannot_write_to_says_so():
    with pytest.raises(KillahError, match="Cannot write"):
        Document().save("text", module.Path("/proc/killah.txt"))


def test_a_text_without_a_name_asks_for_one():
    with pytest.raises(KillahError, match="no file name"):
        Document().save("text")
