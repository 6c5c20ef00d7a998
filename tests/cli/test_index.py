import json
import os
import pty
import subprocess
import sys
import time

import pytest

from killah.persona.indexing import index


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "writing"
    folder.mkdir()
    (folder / "sea.txt").write_text(
        "The boats came in at dawn, heavy with herring, and the gulls followed them."
    )
    (folder / "bread.md").write_text("# Bread\n\nKnead the dough until it is smooth, and let it rise.")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    (folder / "photo.jpg").touch()
    return folder


def test_the_report_says_what_was_read_and_what_was_skipped_and_why(killah, folder):
    done = killah("index", "--yes", str(folder))
    assert done.code == 0
    assert "1 .md, 1 .txt" in done.out
    assert "broken.pdf" in done.out
    assert "broken PDF" in done.out
    assert "1 .jpg" in done.out
    again = killah("index", "--yes", str(folder))
    assert again.code == 0
    assert "unchanged" in again.out
    assert "broken.pdf" in again.out


def test_json_has_the_same_in_plain_names(killah, folder):
    report = json.loads(
        killah("index", "--yes", str(folder), "--persona", "sea", "--exclude", "*.md", "--json").out
    )
    assert (report["persona"], report["read"], report["formats"]) == ("sea", 1, {"txt": 1})
    assert [each["path"].rsplit("/", 1)[1] for each in report["skipped"]] == ["broken.pdf"]
    assert report["other"] == {".jpg": 1}


@pytest.mark.parametrize(
    ("name", "says"),
    [("nowhere", "does not exist"), ("empty", "nothing to read in it"), ("photo.jpg", "no reader for .jpg")],
)
def test_where_nothing_can_be_read_it_is_one_line_and_exit_code_1(killah, folder, name, says):
    (folder / "empty").mkdir()
    done = killah("index", str(folder / name))
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert says in done.err


def test_an_empty_argument_is_not_the_present_folder(killah, folder, monkeypatch):
    """`killah index "$UNSET"` must read nothing, and forget nothing."""
    monkeypatch.chdir(folder)
    assert killah("index", "").code == 1
    assert killah("index", "--yes", ".").code == 0
    assert killah("forget", "").code == 1


def test_only_broken_documents_is_exit_code_1_on_every_run(killah, folder):
    assert killah("index", "--yes", str(folder / "broken.pdf")).code == 1
    assert killah("index", "--yes", str(folder / "broken.pdf")).code == 1


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", ""])
def test_a_persona_name_cannot_be_a_path(killah, folder, name):
    done = killah("index", "--yes", str(folder), "--persona", name or " ")
    assert done.code == 1
    assert "not a name for a persona" in done.err


def test_a_missing_embedder_is_one_line_with_the_next_step(killah, folder):
    killah("config", "set", "embedder", "no-such-model")
    done = killah("index", "--yes", str(folder))
    assert done.code == 1
    assert "config set embedder" in done.err
    assert killah("persona", "list", "--json").out.strip() == "[]"


def test_forget_removes_and_says_so(killah, folder):
    killah("index", "--yes", str(folder))
    done = killah("forget", str(folder / "sea.txt"))
    assert done.code == 0
    assert "Forgot 1 document (default: 1)." in done.out
    nothing = killah("forget", str(folder / "sea.txt"))
    assert nothing.code == 1
    assert "Nothing of that was known." in nothing.err
    assert json.loads(killah("forget", str(folder), "--json").out)["documents"] == 2


def test_a_damaged_store_is_one_line_and_stays(killah, folder, home):
    killah("index", "--yes", str(folder))
    store = home / "data" / "personas" / "default.sqlite"
    store.write_bytes(b"x" * 8192)
    for command in (["index", "--yes", str(folder)], ["persona", "show"], ["forget", str(folder)]):
        done = killah(*command)
        assert done.code == 1
        assert "is damaged" in done.err
        assert len(done.err.splitlines()) == 1
    assert store.read_bytes() == b"x" * 8192


def in_a_terminal(*arguments, answer):
    """Run the command in a terminal that answers; exit code and all that was shown."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "killah", *arguments]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True) as process:
        os.close(theirs)
        os.write(ours, answer)
        shown = b""
        while block := read(ours):
            shown += block
    os.close(ours)
    return process.returncode, " ".join(shown.decode().split())


def read(terminal):
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # its last program is gone
        return b""


def test_it_says_what_it_would_read_and_takes_no_for_an_answer(folder, home):
    (folder / ".hidden").touch()
    (folder / "draft.txt").write_text("A draft.")
    code, shown = in_a_terminal("index", str(folder), "--exclude", "draft*", answer=b"n\n")
    assert code == 1
    assert "3 documents in 1 folder, 0.0 MB: 1 .md, 1 .pdf, 1 .txt" in shown
    assert "1 hidden or of the system, 1 by .killahignore or --exclude, 1 that nothing reads" in shown
    assert "Read them? [y/N]" in shown
    assert "Nothing was read." in shown
    assert not (home / "data" / "personas" / "default.sqlite").exists()


@pytest.mark.timeout(60)
def test_ctrl_c_leaves_the_message_on_a_line_of_its_own(folder, home):
    for number in range(200):
        (folder / f"{number}.txt").write_text(f"Boat number {number} came in at dawn with herring.")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "killah", "index", str(folder), "--yes"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True) as process:
        os.close(theirs)
        shown = b""
        while b"/203" not in shown:  # the bar is there
            shown += read(ours)
        process.send_signal(2)
        while block := read(ours):
            shown += block
    os.close(ours)
    assert process.returncode == 130
    last = shown.decode().splitlines()[-1]
    assert last.endswith("killah: Stopped. What was read so far is kept; run it again to go on.")
    assert "/203" not in last


class Flat:
    name = "flat"

    def encode(self, texts):
        import numpy as np

        return np.ones((len(texts), 4), np.float32)


def test_it_asks_once_for_every_root_until_it_is_forgotten(killah, folder, tmp_path):
    refused = killah("index", str(folder))
    assert (refused.code, refused.out) == (1, "")
    assert "nobody can answer here. Run it in a terminal, or agree with --yes." in refused.err
    assert len(refused.err.splitlines()) == 1
    assert killah("index", str(folder), "--yes").code == 0
    assert killah("index", str(folder)).code == 0
    assert killah("index", str(folder / "sea.txt")).code == 0
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("Dear aunt.")
    assert killah("index", str(folder), str(tmp_path / "letters")).code == 1
    assert killah("index", str(folder), "--persona", "other").code == 1
    assert killah("forget", str(folder)).code == 0
    assert killah("index", str(folder)).code == 1


def test_forget_all_asks_and_leaves_nothing(killah, folder, home):
    killah("index", str(folder), "--yes")
    assert killah("forget", "--all", stdin=b"n\n").code == 1
    assert killah("forget").code == 1
    assert killah("forget", "--all", str(folder)).code == 1
    assert json.loads(killah("persona", "list", "--json").out)[0]["documents"] == 2
    done = killah("forget", "--all", "--yes")
    assert (done.code, done.out) == (0, "Forgot 3 documents (default: 3).\n")
    left = b"".join(file.read_bytes() for file in (home / "data" / "personas").iterdir())
    for word in (b"herring", b"herr", b"gulls", b"dough", b"Knead", b"sea.txt", str(folder).encode()):
        assert word not in left


def test_words_that_do_not_count_are_reported(killah, folder):
    text = (
        "The boats came in at dawn, heavy with herring, and the gulls followed them over the grey water "
        "while the men on the quay threw ropes and shouted to one another."
    )
    (folder / "long.txt").write_text(text)
    (folder / "again.txt").write_text(text.replace("dawn", "noon"))
    done = killah("index", str(folder), "--yes")
    assert f"Words that do not count as your voice: {len(text.split())} near-duplicates." in done.out


def test_watching_prints_a_line_for_every_update_and_ends_with_ctrl_c(folder, home):
    index([folder], "default", Flat())  # consent; the command embeds again with the real model
    command = [sys.executable, "-u", "-m", "killah", "index", str(folder), "--watch", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert json.loads(process.stdout.readline())["unchanged"] == 2
        time.sleep(1)
        (folder / "new.txt").write_text("A document about volcanoes.")
        update = json.loads(process.stdout.readline())
        assert (update["read"], update["words"]) == (1, 4)
        process.send_signal(2)
        assert process.wait(30) == 0
