"""`killah compose`: the table as a user sees and changes it."""

import json

import pytest


def test_list_shows_every_task_and_what_is_not_installed(killah):
    killah("compose", "set", "continue", "--lora", "letter=1")
    out = killah("compose", "list").out
    assert "autocomplete" in out and "(letter)" in out
    rows = json.loads(killah("compose", "list", "--json").out)
    assert {"autocomplete", "transcribe", "dictate", "continue", "rephrase"} <= rows.keys()
    members = {member["name"]: member for member in rows["continue"]["loras"]}
    assert members["audio"] == {"name": "audio", "weight": 1.0, "installed": True, "standing": True}
    assert members["letter"] == {"name": "letter", "weight": 1.0, "installed": False, "standing": False}


def test_a_change_is_shown_kept_and_taken_back(killah):
    killah("compose", "set", "continue", "--lora", "persona=0.7", "--merge", "pico", "--persona")
    shown = json.loads(killah("compose", "show", "continue", "--json").out)
    assert shown["merge"] == "pico" and shown["projectors"] == ["persona"]
    assert [m["weight"] for m in shown["loras"] if m["name"] == "persona"] == [0.7]
    out = killah("compose", "show", "continue").out
    assert "persona 0.7" in out and "in brackets" not in out
    assert "in brackets: not installed" in killah("compose", "set", "continue", "--lora", "lettre=1").out
    killah("compose", "set", "continue", "--reset")
    assert json.loads(killah("compose", "show", "continue", "--json").out)["merge"] == "cat"


def test_a_new_task(killah):
    killah("compose", "set", "letter", "--lora", "letter=1", "--interactive", "--about", "Letters.")
    assert "Letters." in killah("compose", "show", "letter").out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "poem"], "no composition 'poem'"),
        (["set", "continue"], "Nothing to change"),
        (["set", "a b/c", "--lora", "persona=1"], "no name for a task"),
        (["set", "continue", "--lora", "persona"], "not NAME=WEIGHT"),
        (["set", "story", "--merge", "cat"], "needs mix"),
    ],
)
def test_mistakes_are_one_line(killah, arguments, says):
    result = killah("compose", *arguments)
    assert result.code == 1
    assert says in result.err
    assert result.err.count("\n") == 1
