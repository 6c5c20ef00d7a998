"""`killah persona train|blend|forget-suggestions` as a user types it."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import loras
import pytest

from killah import paths
from killah.persona import suggestions
from killah.persona.store import Store
from killah.persona.suggestions import Suggestion
from killah.training import judging, own_persona

WORDS = "sea boat gull grey rope net tide salt wind oar".split()


def answer(number):
    chance = random.Random(number)
    return "Ah, " + " ".join(chance.choices(WORDS, k=50)) + ", alas."


@pytest.fixture
def chat(home, tmp_path, monkeypatch):
    """Forty conversations, and a base that takes a second to train."""
    loras.base(paths.models_dir() / "tiny")
    monkeypatch.setattr(judging, "TEXTS", 0)
    for name, value in {"RATE": 3.0, "BATCH": 2, "ROW": 64, "LEAST": 1500}.items():
        monkeypatch.setattr(own_persona, name, value)
    rows = [{"instruction": f"Tell me of day {n}.", "input": "", "output": answer(n)} for n in range(40)]
    file = tmp_path / "conversations.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


@pytest.fixture
def train(killah, chat):
    """`train("--from", file)` of a persona `sailor` in few steps."""
    return lambda *more: killah("persona", "train", "sailor", *more, "--model", "tiny", "--steps", "6")


def test_conversations_become_a_persona_that_is_listed(killah, train, chat):
    done = train("--from", chat)
    assert done.code == 0, done.err
    assert "persona-sailor" in done.out
    assert "without it" in done.out
    assert "killah continue draft.md --persona sailor" in done.out
    assert "step 6/6" in done.err
    (row,) = json.loads(killah("persona", "list", "--json").out)
    assert (row["name"], row["trained"]) == ("sailor", ["tiny"])
    assert "tiny" in killah("persona", "list").out
    assert killah("persona", "delete", "sailor", "--yes").code == 0
    assert not (paths.adapters_dir() / "tiny" / "persona-sailor").exists()


def test_forgetting_a_document_says_that_what_was_trained_on_it_stays(killah, train, chat, tmp_path):
    """The adapter holds what the text taught it: nobody may think that it is gone too."""
    assert train(chat).code == 0
    (tmp_path / "letter.txt").write_text("The boats came in at dawn, heavy with herring.")
    killah("index", str(tmp_path / "letter.txt"), "--yes", "--persona", "sailor")
    done = killah("forget", str(tmp_path / "letter.txt"))
    remove = done.out.splitlines()[-1].partition("To remove it: killah ")[2]
    assert killah(*remove.split(), "--yes").code == 0
    assert not (paths.adapters_dir() / "tiny" / "persona-sailor").exists()


def test_json_is_one_object_with_the_figures(train, chat):
    facts = json.loads(train(chat, "--json").out)
    assert facts["name"] == "persona-sailor"
    assert {"value", "low", "high", "n"} <= facts["perplexity"]["adapter"].keys()
    assert facts["perplexity"]["change"]["value"] < 0
    assert facts["words"]["test"] > 0


def test_what_helps_nobody_is_exit_1_and_not_installed(train, chat, monkeypatch):
    monkeypatch.setattr(own_persona, "RATE", 1e-12)
    done = train(chat)
    assert done.code == 1
    assert "Not installed" in done.out


def test_wrong_inputs_are_one_line_each(killah, train, chat, tmp_path):
    (tmp_path / "bad.jsonl").write_text('{"text": "fine"}\n{"txt": "not"}\n')
    (tmp_path / "short.txt").write_text("A few words.")
    for arguments, problem in (
        (["--from", str(tmp_path / "bad.jsonl")], "Line 2 of"),
        ([str(tmp_path / "short.txt")], "3 words are too few"),
        ([], "no persona 'sailor'"),
        (["--journal"], "no suggestions made to 'sailor'"),
        (["--journal", chat], "--journal takes no texts"),
    ):
        done = train(*arguments)
        assert (done.code, done.err.count("\n")) == (1, 1), done.err
        assert problem in done.err
    assert "is not a name" in killah("persona", "train", "../x", chat).err
    spaced = killah("persona", "train", "my uncle", chat).err  # a name that indexing takes
    assert "named after 'my uncle'" in spaced and "import --name" in spaced


def test_the_journal_goes_on_from_what_was_trained(killah, train, chat):
    assert train(chat).code == 0
    noted = [
        Suggestion("sailor", f"On day {n} we said", " no", "dismissed", f" {answer(n)}", 86_400.0 * n)
        for n in range(40, 80)
    ]
    suggestions.add(noted)
    done = train("--journal")
    assert done.code == 0, done.err
    assert "before" in done.out


RUN = """
from killah.training import judging, own_persona as o
o.RATE, o.BATCH, o.ROW, o.LOOKS, o.LEAST, judging.TEXTS = 3.0, 2, 64, 50, 1500, 0
from killah.cli import main
main()
"""


def test_ctrl_c_keeps_the_best_so_far_and_says_how_to_go_on(chat, home):
    command = [sys.executable, "-c", RUN, "persona", "train", "sailor", chat]
    command += ["--model", "tiny", "--steps", "50"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as run:
        assert run.stderr is not None
        line = run.stderr.readline()
        while not line.startswith("step 3/50"):
            assert line, "it ended too early"
            line = run.stderr.readline()
        os.kill(run.pid, signal.SIGINT)
        rest = run.stderr.read()
        end = time.monotonic() + 60
        while run.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
    assert run.returncode == 130
    assert "the same command goes on" in rest
    assert (paths.adapters_dir() / "tiny" / "persona-sailor" / "adapter.json").is_file()


# Blends -------------------------------------------------------------------------------------------------


@pytest.fixture
def writers(home):
    for name in ("saki", "wells"):
        with Store.create(paths.personas_dir() / f"{name}.sqlite"):
            pass


def test_a_blend_has_a_name_and_goes_again(killah, writers):
    assert "no blend" in killah("persona", "blend").out
    said = killah("persona", "blend", "saki=0.7", "wells=0.3", "--name", "both")
    assert (said.code, "both: 70% saki, 30% wells" in said.out) == (0, True)
    assert json.loads(killah("persona", "blend", "--json").out) == {"both": {"saki": 0.7, "wells": 0.3}}
    assert killah("persona", "use", "both").code == 0
    assert killah("persona", "blend", "--drop", "both").code == 0
    assert "no persona 'both'" in killah("persona", "use", "both").err


def test_without_a_name_it_says_what_to_write(killah, writers):
    assert "--persona saki=0.25,wells=0.75" in killah("persona", "blend", "saki=1", "wells=3").out
    assert json.loads(killah("persona", "blend", "--json").out) == {}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["saki=x"], "is no blend"),
        (["saki=1", "nobody=1"], "no persona 'nobody'"),
        (["saki=1", "wells=1", "--name", "saki"], "There is a persona 'saki'"),
        (["saki=1", "wells=1", "--name", "a=b"], "is not a name"),
        (["--name", "both"], "needs personas"),
        (["--drop", "both"], "no blend 'both'"),
    ],
)
def test_a_blend_that_cannot_be_is_one_line(killah, writers, arguments, problem):
    done = killah("persona", "blend", *arguments)
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert problem in done.err


# The journal --------------------------------------------------------------------------------------------


def test_forgetting_suggestions_asks_first(killah, home):
    suggestions.add([Suggestion("saki", "One", " two", "accepted", " two", 1.0)])
    assert killah("persona", "forget-suggestions", stdin=b"n\n").code == 1
    assert suggestions.file().exists()
    assert "Deleted 1 suggestion" in killah("persona", "forget-suggestions", stdin=b"y\n").out
    assert not suggestions.file().exists()
    assert json.loads(killah("persona", "forget-suggestions", "--json").out) == {"deleted": 0}


def test_forgetting_everything_forgets_suggestions(killah, writers):
    suggestions.add([Suggestion("saki", "One", " two", "accepted", " two", 1.0)])
    assert killah("forget", "--all", "--yes").code == 0
    assert not suggestions.file().exists()
