"""Choosing a persona or a kind of text in the editor: what is offered, and that ghost text follows."""

import loras
import numpy as np
import pytest
from scripted import Ghost, Job, ScriptedEngine, at_end, editor, until

from killah import paths
from killah.adapters import package
from killah.app import choosing
from killah.app.dialogs import Ask
from killah.app.status import StatusBar
from killah.persona import blends
from killah.persona.indexing import index
from killah.persona.store import Store


class Flat:
    """An embedder to which all passages mean the same."""

    name = "flat"

    def encode(self, texts):
        return np.ones((len(texts), 4), np.float32)


@pytest.fixture
def writers(home, tmp_path):
    """`saki` is indexed, `wells` is trained for the base `tiny`, `both` is a blend of them."""
    story = tmp_path / "story.txt"
    story.write_text("The gulls came in.")
    index([story], "saki", Flat())
    with Store.create(paths.personas_dir() / "wells.sqlite"):
        pass
    folder, about = loras.base(paths.models_dir() / "tiny")
    card = loras.card(about, "persona-wells", role="persona")
    package.write(paths.adapters_dir() / "tiny" / "persona-wells", card, loras.tensors(folder))
    blends.keep("both", {"saki": 0.7, "wells": 0.3})


def test_what_is_known_of_each_is_said(writers):
    assert choosing.offers("tiny", "saki") == {
        "-": "Nobody",
        "saki": "saki · indexed ✓",
        "wells": "wells · trained",
        "both": "both · 70% saki, 30% wells",
    }
    assert choosing.offers("gemma-3-4b", "")["wells"] == "wells · empty"
    (paths.personas_dir() / "wells.sqlite").write_text("noise " * 1000)
    assert "damaged" in choosing.offers("tiny", "")["wells"]


class Manners(ScriptedEngine):
    """Its ghost is the name of the persona in use."""

    def __init__(self) -> None:
        super().__init__(lambda _: Job().send(Ghost(f" {self.persona}")).end())


async def test_a_key_offers_them_and_ghost_text_changes_at_once(writers):
    app = editor("One", engine := Manners(), persona="saki")
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("x")
        await until(pilot, lambda: app.area.suggestion == " saki")
        await pilot.press("ctrl+b")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("down", "down", "enter")  # from saki, which is marked, to both
        await until(pilot, lambda: app.area.suggestion == " both")
        assert app.query_one(StatusBar).status.persona == "both"
        await pilot.press("ctrl+b")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("home", "enter")
        await until(pilot, lambda: app.area.suggestion == " None")
        assert (engine.persona, app.query_one(StatusBar).status.persona) == (None, "")
        assert app.area.text == "Onex"


async def test_escape_leaves_it_as_it_is(writers):
    app = editor("One", engine := Manners(), persona="saki")
    async with app.run_test() as pilot:
        await pilot.press("ctrl+b")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Ask))
        assert engine.persona == "saki"


async def test_a_dismissed_ghost_may_come_again_from_another_persona(writers):
    app = editor("One", Manners(), persona="saki")
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("x")
        await until(pilot, lambda: app.area.suggestion == " saki")
        await pilot.press("escape")
        app.action_use_persona("wells")
        await until(pilot, lambda: app.area.suggestion == " wells")


async def test_a_damaged_file_of_blends_is_told_and_the_editor_goes_on(writers):
    blends.file().write_text("both = 7")
    app = editor("One", Manners())
    async with app.run_test() as pilot:
        await pilot.press("ctrl+b")
        await until(pilot, lambda: any("no table of blends" in n.message for n in app._notifications))
        await pilot.press("ctrl+p")
        await until(pilot, lambda: len(app.screen_stack) > 1)


class Kinds(ScriptedEngine):
    """Its ghost is the kind of text in use."""

    def __init__(self) -> None:
        super().__init__(lambda _: Job().send(Ghost(f" {'+'.join(self.kind) or 'none'}")).end())


async def test_the_kind_of_text_is_asked_for_and_ghost_text_changes_at_once(home):
    app = editor("One", engine := Kinds())

    async def choose(*keys: str) -> None:
        app.action_choose_kind()
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press(*keys)

    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("x")
        await until(pilot, lambda: app.area.suggestion == " none")
        await until(pilot, lambda: app._codes)
        await choose("down", "down", "enter")  # letter
        await until(pilot, lambda: app.area.suggestion == " letter")
        await choose("down", "enter")  # from letter, which is marked, to formal: one of each kind
        await until(pilot, lambda: app.area.suggestion == " letter+formal")
        assert app.query_one(StatusBar).status.kind == "as letter, formal"
        await choose("home", "down", "enter")  # story stands for letter
        await until(pilot, lambda: app.area.suggestion == " story+formal")
        await choose("escape")
        assert engine.kind == ("story", "formal")
        await choose("home", "enter")
        await until(pilot, lambda: app.area.suggestion == " none")
        assert app.query_one(StatusBar).status.kind == ""
        assert app.area.text == "Onex"


def test_a_kind_that_is_chosen_again_is_none_any_more():
    codes = {"letter": "genre", "formal": "register"}
    assert choosing.taken(codes, ("letter", "formal"), "letter") == ("formal",)
    assert choosing.taken(codes, ("formal",), "letter") == ("letter", "formal")
    assert choosing.kinds(codes, ("formal",))["formal"] == "formal · register ✓"


async def test_without_codes_it_is_said(home):
    app = editor("One", engine := Kinds())
    engine.codes = dict
    async with app.run_test() as pilot:
        app.action_choose_kind()
        await until(pilot, lambda: any("no kinds of text" in n.message for n in app._notifications))
