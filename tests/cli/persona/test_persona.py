import json

import pytest


@pytest.fixture
def indexed(killah, tmp_path):
    """Personas `default` and `other`, one document each."""
    for persona, words in (
        ("default", "Well, the gulls; the grey, cold sea!"),
        ("other", "Bread needs time."),
    ):
        path = tmp_path / persona / "a.txt"
        path.parent.mkdir()
        path.write_text(f"{words} [red]Not markup[/red], but text.")
        assert killah("index", "--yes", str(path), "--persona", persona).code == 0


def test_list_names_each_and_marks_the_one_in_use(killah, indexed):
    found = json.loads(killah("persona", "list", "--json").out)
    assert [(each["name"], each["used"], each["documents"]) for each in found] == [
        ("default", True, 1),
        ("other", False, 1),
    ]
    table = killah("persona", "list").out
    assert "*  default" in table


def test_list_without_personas_says_how_to_make_one(killah):
    assert "killah index" in killah("persona", "list").out


def test_show_prints_habits_as_a_table_and_as_json(killah, indexed):
    shown = killah("persona", "show")
    assert shown.code == 0
    assert "semicolons" in shown.out
    profile = json.loads(killah("persona", "show", "other", "--json").out)
    assert (profile["name"], profile["documents"], profile["measured_words"]) == ("other", 1, 9)


def test_use_changes_the_settings(killah, indexed):
    assert killah("persona", "use", "other").code == 0
    assert json.loads(killah("config", "show", "--json").out)["persona"] == "other"
    missing = killah("persona", "use", "nobody")
    assert missing.code == 1
    assert "no persona 'nobody'" in missing.err


def test_delete_asks_first(killah, indexed):
    assert killah("persona", "delete", "other", stdin=b"n\n").code == 1
    assert len(json.loads(killah("persona", "list", "--json").out)) == 2
    deleted = killah("persona", "delete", "other", "--json", stdin=b"y\n")
    assert json.loads(deleted.out) == {"deleted": "other"}  # the question is on stderr
    assert killah("persona", "delete", "default", "--yes").code == 0
    assert json.loads(killah("persona", "list", "--json").out) == []


def test_a_persona_that_is_not_there_is_one_line(killah):
    for command in (("show", "nobody"), ("use", "../nobody"), ("delete", "nobody", "--yes")):
        done = killah("persona", *command)
        assert done.code == 1
        assert len(done.err.splitlines()) == 1


def test_search_shows_where_words_stand(killah, indexed):
    found = json.loads(killah("persona", "search", "default", "COLD sea", "--json").out)
    assert [each["path"].rsplit("/", 2)[1] for each in found] == ["default"]
    assert "[cold sea]" in found[0]["snippet"]
    assert "a.txt" in killah("persona", "search", "default", "gul*").out
    nowhere = killah("persona", "search", "other", "gulls")
    assert (nowhere.code, nowhere.out) == (1, "")
    assert "stands nowhere" in nowhere.err
    assert killah("persona", "search", "nobody", "gulls").code == 1


def test_a_paused_persona_reads_nothing_until_it_goes_on(killah, indexed, tmp_path):
    assert killah("persona", "pause", "other").out == "other is paused.\n"
    listed = {each["name"]: each for each in json.loads(killah("persona", "list", "--json").out)}
    assert (listed["other"]["paused"], listed["default"]["paused"]) == (True, False)
    assert "paused" in killah("persona", "list").out
    refused = killah("index", str(tmp_path / "other"), "--yes", "--persona", "other")
    assert refused.code == 1
    assert "killah persona resume other" in refused.err
    assert json.loads(killah("persona", "resume", "other", "--json").out)["paused"] is False
    assert killah("index", str(tmp_path / "other" / "a.txt"), "--persona", "other").code == 0
    assert killah("persona", "pause", "nobody").code == 1


def test_export_and_import_bring_a_persona_back(killah, indexed, tmp_path):
    file = tmp_path / "other.killah"
    done = killah("persona", "export", "other", str(file))
    assert done.code == 0
    assert "holds the text of your documents" in done.out
    assert killah("persona", "export", "other", str(file)).code == 1
    assert killah("persona", "import", str(file)).code == 1
    assert killah("persona", "import", str(file), "--name", "uncle").out == "uncle: 1 document, 7 words.\n"
    assert json.loads(killah("persona", "search", "uncle", "bread", "--json").out)
    file.write_bytes(file.read_bytes()[:-50])
    broken = killah("persona", "import", str(file), "--name", "aunt")
    assert (broken.code, len(broken.err.splitlines())) == (1, 1)
