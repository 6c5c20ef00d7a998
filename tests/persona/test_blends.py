"""Blends: what a user may write for a persona, and how things are dealt out by its shares."""

import pytest

from killah.errors import KillahError
from killah.persona.blends import parse, shares


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
