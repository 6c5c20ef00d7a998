import json

import pytest


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
    done = killah("index", str(folder))
    assert done.code == 0
    assert "1 .md, 1 .txt" in done.out
    assert "broken.pdf" in done.out
    assert "broken PDF" in done.out
    assert "1 .jpg" in done.out
    again = killah("index", str(folder))
    assert again.code == 0
    assert "unchanged" in again.out
    assert "broken.pdf" in again.out


def test_json_has_the_same_in_plain_names(killah, folder):
    report = json.loads(killah("index", str(folder), "--persona", "sea", "--exclude", "*.md", "--json").out)
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
    assert killah("index", ".").code == 0
    assert killah("forget", "").code == 1


def test_only_broken_documents_is_exit_code_1_on_every_run(killah, folder):
    assert killah("index", str(folder / "broken.pdf")).code == 1
    assert killah("index", str(folder / "broken.pdf")).code == 1


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", ""])
def test_a_persona_name_cannot_be_a_path(killah, folder, name):
    done = killah("index", str(folder), "--persona", name or " ")
    assert done.code == 1
    assert "not a name for a persona" in done.err


def test_a_missing_embedder_is_one_line_with_the_next_step(killah, folder):
    killah("config", "set", "embedder", "no-such-model")
    done = killah("index", str(folder))
    assert done.code == 1
    assert "config set embedder" in done.err
    assert killah("persona", "list", "--json").out.strip() == "[]"


def test_forget_removes_and_says_so(killah, folder):
    killah("index", str(folder))
    done = killah("forget", str(folder / "sea.txt"))
    assert done.code == 0
    assert "Forgot 1 document (default: 1)." in done.out
    nothing = killah("forget", str(folder / "sea.txt"))
    assert nothing.code == 1
    assert "Nothing of that was known." in nothing.err
    assert json.loads(killah("forget", str(folder), "--json").out)["documents"] == 2


def test_a_damaged_store_is_one_line_and_stays(killah, folder, home):
    killah("index", str(folder))
    store = home / "data" / "personas" / "default.sqlite"
    store.write_bytes(b"x" * 8192)
    for command in (["index", str(folder)], ["persona", "show"], ["forget", str(folder)]):
        done = killah(*command)
        assert done.code == 1
        assert "is damaged" in done.err
        assert len(done.err.splitlines()) == 1
    assert store.read_bytes() == b"x" * 8192
