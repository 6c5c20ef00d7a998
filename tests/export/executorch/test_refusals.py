"""What cannot be exported is said in one line, before anything is made."""

import importlib.util
import shutil
from collections import namedtuple

import pytest


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--composition", "nobody"), "no composition or adapter 'nobody'"),
        (("--composition", "terse", "--base", "nowhere"), "nowhere"),
        (("--composition", "terse", "--backend", "portable", "--quantize", "int4"), "has no integers"),
        (("--composition", "terse", "--persona", "stranger"), "stranger"),
    ],
)
def test_a_wish_that_cannot_be_met(tiny, tmp_path, killah, arguments, says):
    base = () if "--base" in arguments else ("--base", "tiny")
    done = killah("export", "executorch", *arguments, *base, "--out", str(tmp_path / "out"))
    assert done.code == 1
    assert says in done.err and len(done.err.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten_unasked(tiny, killah):
    made = ("--composition", "terse", "--base", "tiny", "--out", str(tiny.bundle))
    done = killah("export", "executorch", *made)
    assert done.code == 1 and "exists already" in done.err
    other = killah("export", "executorch", *made[:-1], str(tiny.base))
    assert other.code == 1 and "is something else" in other.err


def test_a_full_disk_is_told_before_the_work(tiny, tmp_path, killah, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(9, 9, 9))
    done = killah(
        "export", "executorch", "--composition", "terse", "--base", "tiny", "--out", str(tmp_path / "x")
    )
    assert done.code == 1 and "free" in done.err.lower()


def test_an_unknown_backend_is_a_usage_error(killah, tmp_path):
    assert killah("export", "executorch", "--composition", "x", "--backend", "abacus", "--out", "x").code == 2


def test_without_executorch_the_line_to_run_is_named(killah, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "executorch" else found(name)
    )
    done = killah("export", "check", "anywhere")
    assert done.code == 1 and "pip install 'killah[export]'" in done.err
