"""The likeness in the status bar. If these fail, it is missing, stale, or slows typing down."""

import threading

import numpy as np
import pytest
from scripted import ScriptedEngine, editor, until

from killah.app import likeness
from killah.app.likeness import _score
from killah.app.status import StatusBar
from killah.errors import KillahError
from killah.persona import personas
from killah.persona.likeness import SHORTEST, Likeness

LONG = "The rain came down upon the town; nobody minded, for it was only rain. " * 10


class Known:
    """A persona that gives every text of enough words one score."""

    def __init__(self, score: int | None) -> None:
        self.threads: list[str] = []
        self._score = score

    def score(self, text: str) -> int | None:
        self.threads.append(threading.current_thread().name)
        return self._score if len(text.split()) >= SHORTEST else None


@pytest.fixture
def known(monkeypatch):
    """The persona `default` with a score of 78, and `other` with 31, read without files."""
    found = {"default": Known(78), "other": Known(31)}

    def opened(name):
        if name not in found:
            raise KillahError("The style was not measured yet.")
        return found[name]

    monkeypatch.setattr(likeness, "PAUSE", 0.01)
    monkeypatch.setattr(Likeness, "open", opened)
    for name in [*found, "unmeasured"]:
        path = personas.path_of(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return found


def shown(app):
    return app.query_one(StatusBar).status.likeness


async def test_the_text_has_a_score_that_follows_the_persona(known):
    app = editor(LONG, ScriptedEngine())
    async with app.run_test() as pilot:
        await until(pilot, lambda: shown(app) == "78 % like you")
        app.action_use_persona("other")
        assert shown(app) == ""
        await until(pilot, lambda: shown(app) == "31 % like you")
        app.action_use_persona("default=3,other")
        await until(pilot, lambda: shown(app) == "66 % like you")  # (3 x 78 + 31) / 4
        app.action_use_persona("")
        await until(pilot, lambda: shown(app) == "")
    assert set(known["default"].threads) == {"likeness"}


async def test_too_little_text_shows_nothing_until_there_is_enough(known):
    app = editor("A few words.", ScriptedEngine())
    async with app.run_test() as pilot:
        await until(pilot, lambda: known["default"].threads)
        assert shown(app) == ""
        app.area.insert(LONG)
        await until(pilot, lambda: shown(app) == "78 % like you")


async def test_a_persona_that_was_not_measured_shows_nothing(known):
    app = editor(LONG, ScriptedEngine(), persona="unmeasured")
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.likeness._known == [])
        assert shown(app) == ""


async def test_many_touches_are_one_measurement(known):
    app = editor(LONG, ScriptedEngine())
    async with app.run_test() as pilot:
        await until(pilot, lambda: shown(app))
        before = len(known["default"].threads)
        for _ in range(50):
            app.likeness.touched()
        await until(pilot, lambda: len(known["default"].threads) > before)
        await pilot.pause(0.1)
    assert len(known["default"].threads) == before + 1


def test_a_blend_is_scored_by_those_that_know_the_language():
    assert _score([(0.5, Known(80)), (0.5, Known(None))], LONG) == 80
    assert _score([(1.0, Known(None))], LONG) is None
    assert _score([], LONG) is None
    assert np.isclose(_score([(0.25, Known(40)), (0.75, Known(80))], LONG), 70)
