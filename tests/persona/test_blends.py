"""Blends: what a user may write for a persona, and how things are dealt out by its shares."""

from pathlib import Path

import pytest

from killah import paths
from killah.errors import KillahError
from killah.persona import blends, personas
from killah.persona.blends import parse, shares
from killah.persona.embedding import Embedder
from killah.persona.indexing import index


def test_a_name_alone_is_a_whole_persona() -> None:
    assert parse("saki") == {"saki": 1.0}
    assert parse("J. R. + Ко") == {"J. R. + Ко": 1.0}


def test_weights_become_shares() -> None:
    assert parse("saki=0.7,wells=0.3") == pytest.approx({"saki": 0.7, "wells": 0.3})
    assert parse(" saki = 2 , wells = 6 ") == pytest.approx({"saki": 0.25, "wells": 0.75})
    assert parse("saki,wells") == pytest.approx({"saki": 0.5, "wells": 0.5})


@pytest.mark.parametrize(
    "text", ["", "saki=", "saki=x", "saki=0", "saki=-1,wells=2", "saki=nan", "saki=inf", "a=1=2", "saki,,b"]
)
def test_what_is_no_blend_is_refused(text: str) -> None:
    with pytest.raises(KillahError, match="is no blend"):
        parse(text)


def test_a_name_may_not_come_twice() -> None:
    with pytest.raises(KillahError, match="twice"):
        parse("saki=1,saki=2")


@pytest.mark.parametrize(
    ("weights", "count", "dealt"),
    [
        ({"a": 0.7, "b": 0.3}, 2, {"a": 1, "b": 1}),
        ({"a": 0.9, "b": 0.1}, 2, {"a": 2, "b": 0}),
        ({"a": 0.7, "b": 0.3}, 10, {"a": 7, "b": 3}),
        ({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, 2, {"a": 1, "b": 1, "c": 0}),
        ({"a": 1.0}, 0, {"a": 0}),
    ],
)
def test_things_are_dealt_out_by_weight(weights, count, dealt) -> None:
    assert shares(weights, count) == dealt


@pytest.fixture
def writers(home: Path) -> None:
    paths.private_dir(paths.personas_dir())
    for name in ("saki", "wells", "verne"):
        (paths.personas_dir() / f"{name}.sqlite").touch()


def test_a_name_that_was_kept_stands_for_its_personas(writers: None) -> None:
    blends.keep("both", parse("saki=3,wells=1"))
    assert parse("both") == pytest.approx({"saki": 0.75, "wells": 0.25})
    assert parse("both=0.5,saki=0.5") == pytest.approx({"saki": 0.875, "wells": 0.125})
    blends.keep("all", parse("both=2,verne=2"))  # spelt out when it was kept
    assert blends.drop("both")
    assert parse("all") == pytest.approx({"saki": 0.375, "wells": 0.125, "verne": 0.5})
    assert not blends.drop("both")
    assert blends.file().stat().st_mode & 0o077 == 0


def test_a_persona_comes_before_a_blend_of_its_name(writers: None) -> None:
    blends.keep("later", parse("saki,wells"))
    (paths.personas_dir() / "later.sqlite").touch()
    assert parse("later") == {"later": 1.0}
    with pytest.raises(KillahError, match="There is a persona 'saki'"):
        blends.keep("saki", parse("wells"))


def test_a_blend_is_no_persona_and_none_takes_its_name(writers: None, tmp_path: Path) -> None:
    """Indexed into its name, a persona would take the blend's place without a word."""
    blends.keep("both", parse("saki,wells"))
    (tmp_path / "a.txt").write_text("The boats came in at dawn.")
    for ask in (personas.existing, lambda name: index([tmp_path], name, Embedder("all-MiniLM-L6-v2"))):
        with pytest.raises(KillahError, match=r"'both' is a blend. Name one of its personas: saki, wells."):
            ask("both")
    assert "both" not in personas.names()


def test_what_can_be_used_and_what_not(writers: None) -> None:
    assert blends.check("saki=1,wells=2") == "saki=1,wells=2"
    assert blends.usable("saki")
    assert not blends.usable("saki,nobody")
    assert not blends.usable("none")
    assert not blends.usable("")
    with pytest.raises(KillahError, match="no persona 'nobody'"):
        blends.check("saki,nobody")


@pytest.mark.parametrize("text", ["both = 7", "both", "both = {saki = 'x'}", "both = {saki = 0.0}"])
def test_a_damaged_file_of_blends_is_one_sentence(writers: None, text: str) -> None:
    blends.file().write_text(text)
    with pytest.raises(KillahError, match="is no table of blends"):
        blends.kept()
