"""`killah persona check` as a user runs it; what it measures is tested beside the engine."""

import json

import pytest

from killah.engine.personal.check import Checked, Line, Writing
from killah.engine.personal.measuring import Way
from killah.metrics.intervals import Estimate


@pytest.fixture
def asked(monkeypatch):
    """Calls of `check`, answered with made-up figures."""
    calls = []

    def check(name, settings, *, on_progress, keep):
        calls.append((name, settings.model, keep))
        bits, change = Estimate(1.5, 1.4, 1.6, 20), Estimate(-3.14, -4.0, -2.0, 20)
        chosen = Way(passages=2, ngram=0.3)
        lines = [Line("base", Way(), bits, Estimate(0, 0, 0, 20)), Line(chosen.name, chosen, bits, change)]
        shares = Writing(
            Estimate(0.2, 0.1, 0.3, 20), Estimate(0.15, 0.1, 0.2, 20), 0.41, Estimate(3, 2, 4, 20)
        )
        return Checked(name, settings.model, 20, 31_000, 20, chosen, lines, {"base": shares}, False, 61.0)

    monkeypatch.setattr("killah.engine.personal.check.check", check)
    return calls


def test_it_prints_what_was_chosen_and_why(killah, asked):
    done = killah("persona", "check", "saki")
    assert done.code == 0 and asked == [("saki", "pushkin-nano", True)]
    assert "-3.1 % (-4.0 to -2.0)" in done.out and "Kept: 2 passages + n-gram 0.3." in done.out
    assert "first word right" in done.out and "0.410" in done.out


def test_the_persona_in_the_settings_is_checked_unless_one_is_named(killah, asked):
    killah("config", "set", "persona", "wells")
    assert "Not kept" in killah("persona", "check", "--dry-run", "--model", "other").out
    assert asked == [("wells", "other", False)]


def test_json_is_one_object(killah, asked):
    found = json.loads(killah("persona", "check", "saki", "--json").out)
    assert found["chosen"] == {"passages": 2, "soft": False, "lora": 0.0, "ngram": 0.3, "text": 0.0}
    assert found["kept"] is True and found["lines"][1]["change"]["value"] == -3.14


def test_the_picture_is_drawn(killah, asked, tmp_path):
    path = tmp_path / "check.png"
    assert f"Drawn: {path}" in killah("persona", "check", "saki", "--picture", str(path)).out.replace(
        "\n", ""
    )
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_wrong_picture_name_is_said_before_anything_is_measured(killah, asked):
    done = killah("persona", "check", "saki", "--picture", "check.docx")
    assert done.code == 1 and "Let it end in .png or .svg." in done.err and not asked


def test_a_persona_that_is_not_there_is_one_line(killah):
    done = killah("persona", "check", "nobody")
    assert done.code == 1 and done.out == ""
    assert done.err.startswith("killah: There is no persona 'nobody'.") and done.err.count("\n") == 1


def test_help_has_an_example(killah):
    done = killah("persona", "check", "--help")
    assert done.code == 0 and "Example: killah persona check" in done.out
