"""The journal of suggestions on disk: private, bounded, and gone when it is to go."""

import json

from killah.persona import suggestions
from killah.persona.suggestions import Suggestion


def noted(number, persona="saki"):
    return Suggestion(persona, f"context {number}", " shown", "accepted", " written", float(number))


def test_what_is_added_is_read_in_order_by_persona():
    suggestions.add([noted(1), noted(2, "wells")])
    suggestions.add([noted(3)])
    assert list(suggestions.read()) == [noted(1), noted(2, "wells"), noted(3)]
    assert list(suggestions.read("saki")) == [noted(1), noted(3)]
    assert suggestions.file().stat().st_mode & 0o077 == 0


def test_it_does_not_grow_without_end(monkeypatch):
    monkeypatch.setattr(suggestions, "LARGEST", 2_000)
    for number in range(200):
        suggestions.add([noted(number)])
    assert suggestions.file().stat().st_size <= 2_000
    kept = [each.time for each in suggestions.read()]
    assert kept == list(range(200 - len(kept), 200)), "the newest are kept"
    assert suggestions.file().stat().st_mode & 0o077 == 0


def test_lines_that_are_cut_off_or_of_another_version_cost_only_themselves():
    suggestions.add([noted(1)])
    with suggestions.file().open("a") as file:
        file.write(json.dumps({"what": 1}) + '\n{"persona": "saki", "con')
    assert list(suggestions.read()) == [noted(1)]


def test_after_clearing_nothing_is_left():
    assert suggestions.clear() == 0
    suggestions.add([noted(1), noted(2)])
    assert suggestions.clear() == 2
    assert not suggestions.file().exists()
    assert list(suggestions.read()) == []


def test_one_personas_part_can_go_alone():
    suggestions.add([noted(1), noted(2, "wells"), noted(3)])
    assert suggestions.clear("saki") == 2
    assert list(suggestions.read()) == [noted(2, "wells")]
    assert suggestions.file().stat().st_mode & 0o077 == 0
