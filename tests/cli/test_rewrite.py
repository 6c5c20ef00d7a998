"""`killah rephrase`, `summarise` and `story` as a script would use them, with a model told what to say."""

import json
import os
import pty
import subprocess
import sys

import pytest

from killah.errors import KillahError

STYLES = ["plain", "formal"]


class Scripted:
    """An engine that gives the words of its answer one after the other, and notes what it was asked."""

    persona = None
    asked = []  # noqa: RUF012 - of all engines of a test
    answer = "The slow wolf ran."

    def __init__(self, settings):
        self.settings = settings

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def info(self):
        pass

    def use_persona(self, name):
        pass

    def styles(self, task):
        return STYLES if task == "rephrase" else ["title"]

    def rewrite(self, task, text, *, style="", sampling=None, max_tokens=None, codes=()):
        if style and style not in self.styles(task):
            raise KillahError(f"{task} has no style {style!r}.", f"Known: {', '.join(self.styles(task))}.")
        self.asked.append((task, text, style, sampling, max_tokens))
        yield from self.answer.partition(" ")


@pytest.fixture(autouse=True)
def asked(monkeypatch):
    """What engines are asked in this test."""
    monkeypatch.setattr("killah.engine.Engine", Scripted)
    monkeypatch.setattr(Scripted, "asked", [])
    return Scripted.asked


@pytest.mark.parametrize("command", ["rephrase", "summarise", "story"])
def test_every_command_has_help_with_an_example_and_json(killah, command):
    done = killah(command, "--help")
    assert done.code == 0
    assert "Example:" in done.out
    assert "--json" in done.out


@pytest.mark.parametrize("command", ["rephrase", "summarise", "story"])
def test_text_a_file_and_stdin_alike(killah, asked, tmp_path, command):
    file = tmp_path / "draft.md"
    file.write_text("The fox.\n")
    for done in [
        killah(command, "The fox."),
        killah(command, str(file)),
        killah(command, stdin=b"The fox.\n"),
        killah(command, "-", stdin=b"The fox.\n"),
    ]:
        assert (done.code, done.out) == (0, "The slow wolf ran.\n")
    assert {(task, text) for task, text, *_ in asked} == {(command, "The fox.")}
    assert len(asked) == 4


def test_the_options_reach_the_model(killah, asked):
    options = ("--min-p", "0.2", "--temperature", "0.7", "--seed", "3", "--max-tokens", "9")
    for command in ("rephrase", "summarise", "story"):
        killah(command, "The fox.", *options)
    for *_, sampling, max_tokens in asked:
        assert (sampling.min_p, sampling.temperature, sampling.seed, max_tokens) == (0.2, 0.7, 3, 9)


def test_what_is_to_say_the_same_is_sampled_with_less_chance(killah, asked):
    killah("config", "set", "temperature", "1.1")
    for command in ("rephrase", "summarise", "story"):
        killah(command, "The fox.")
    assert [sampling.temperature for *_, sampling, _ in asked] == [0.5, 0.5, 1.1]


def test_the_style_is_the_models_first_unless_one_is_named(killah, asked):
    killah("rephrase", "The fox.")
    killah("rephrase", "The fox.", "--style", "formal")
    killah("summarise", "The fox.")
    killah("summarise", "The fox.", "--title")
    assert [style for _, _, style, *_ in asked] == ["plain", "formal", "", "title"]


def test_a_model_without_styles_rephrases_too(killah, asked, monkeypatch):
    monkeypatch.setattr(Scripted, "styles", lambda self, task: [])
    assert killah("rephrase", "The fox.").code == 0
    assert asked[0][2] == ""


def test_an_unknown_style_is_one_line_with_the_known_ones(killah):
    done = killah("rephrase", "The fox.", "--style", "baroque")
    assert (done.code, done.out) == (1, "")
    assert "'baroque'" in done.err
    assert "Known: plain, formal." in done.err
    assert done.err.count("\n") == 1


def test_no_words_is_one_line(killah):
    for command in ("rephrase", "summarise", "story"):
        done = killah(command, stdin=b" \n")
        assert (done.code, done.out) == (1, "")
        assert done.err == "killah: The text is empty. Give at least one word.\n"


def test_candidates_are_numbered_and_have_seeds_of_their_own(killah, asked):
    done = killah("rephrase", "The fox.", "--candidates", "2", "--seed", "5")
    assert done.out == "[1]\nThe slow wolf ran.\n\n[2]\nThe slow wolf ran.\n"
    assert [sampling.seed for *_, sampling, _ in asked] == [5, 6]
    found = json.loads(killah("rephrase", "The fox.", "--candidates", "2", "--json").out)
    assert found == {"candidates": ["The slow wolf ran."] * 2}
    assert json.loads(killah("story", "The fox.", "--json").out) == {"text": "The slow wolf ran."}


def test_a_difference_has_marks_where_there_are_no_colours(killah):
    done = killah("rephrase", "The quick fox ran.", "--diff")
    assert done.out == "The [-quick fox-]{+slow wolf+} ran.\n"


def test_a_difference_has_colours_on_a_terminal():
    code = (
        "from killah.cli.rewrite import _show_difference\n"
        "_show_difference('The quick fox ran.', ['The slow ', 'wolf ran.'])"
    )
    main, side = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm-256color"}
    subprocess.run([sys.executable, "-c", code], stdout=side, check=True, env=environment)
    os.close(side)
    shown = os.read(main, 1000).decode()
    os.close(main)
    assert shown == "The \x1b[9;31mquick fox\x1b[0m \x1b[32mslow wolf\x1b[0m ran.\r\n"
