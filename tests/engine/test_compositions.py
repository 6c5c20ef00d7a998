"""The table of compositions: what ships, and what users change."""

import pytest

from killah.engine import compositions
from killah.errors import KillahError


def test_standing_members_are_in_every_interactive_composition_and_not_in_plain_autocomplete():
    table = compositions.load()
    for task, composition in table.items():
        standing = {"persona", "audio"} <= set(composition.members)
        assert standing == composition.interactive, task
    assert list(table["autocomplete"].members) == ["autocomplete"]
    assert list(table["transcribe"].members) == ["audio"]
    assert list(table["dictate"].members) == ["persona", "audio", "dictation"]
    assert list(table["continue"].members) == ["persona", "audio", "continue"]


def test_soft_tokens_stand_where_they_are_worth_it():
    table = compositions.load()
    assert table["autocomplete"].projectors == ()
    assert table["transcribe"].projectors == ("audio",)
    assert table["dictate"].projectors == ("audio", "persona")
    assert table["continue"].projectors == ("persona",)  # the mixture gains by them: measured


def test_a_user_changes_a_task_adds_one_and_takes_the_change_back():
    shipped = compositions.get("continue")
    changed = compositions.change("continue", {"loras": {"persona": 0.5, "mine": 1.0}, "merge": "pico"})
    assert changed.members == {"persona": 0.5, "audio": 1.0, "mine": 1.0}
    assert compositions.get("continue") == changed
    compositions.change("letter", {"interactive": True, "loras": {"letter": 1.0}})
    assert "persona" in compositions.get("letter").members
    assert compositions.change("continue", {}) == shipped
    assert compositions.own_file().stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("merge = 3", "not a table"),
        ("[continue]\nmerge = 'best'", r"continue\.merge"),
        ("[story]\nmerge = 'cat'", "needs mix"),
        ("[continue]\nlora = {}", r"continue\.lora"),
        ("[continue", "not valid TOML"),
    ],
)
def test_a_broken_table_is_one_sentence(text, says):
    path = compositions.own_file()
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(KillahError, match=says):
        compositions.load()


def test_a_bad_change_changes_nothing():
    with pytest.raises(KillahError, match=r"continue\.merge"):
        compositions.change("continue", {"merge": "best"})
    assert not compositions.own_file().exists()
    with pytest.raises(KillahError, match="Known: autocomplete"):
        compositions.get("poem")
