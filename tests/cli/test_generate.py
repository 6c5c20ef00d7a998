"""`killah complete` and `killah continue` as a script would use them."""

import json

import pytest

TEXT = "It was a long time before he was abl"


def test_complete_prints_the_ghost_text_alone(killah):
    done = killah("complete", TEXT, "--precision", "0")
    assert done.code == 0
    assert done.out.startswith("e")


def test_complete_is_silent_and_succeeds_where_the_gate_says_no(killah):
    done = killah("complete", "Zxqv Qqrt", "--precision", "1")
    assert (done.code, done.out) == (0, "")


def test_complete_json_has_the_probability_and_the_time(killah):
    found = json.loads(killah("complete", TEXT, "--precision", "0", "--words", "1", "--json").out)
    assert found["text"] == "e"
    assert 0 <= found["probability"] <= 1
    assert found["milliseconds"] > 0


def test_the_example_of_the_help_suggests_something(killah):
    example = killah("complete", "--help").out.split('complete "')[1].split('"')[0]
    assert killah("complete", example).out.strip()


def test_silence_is_explained_on_a_terminal(killah, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    done = killah("complete", "Zxqv Qqrt", "--precision", "1")
    assert (done.code, done.out) == (0, "")
    assert "--choices 5" in done.err


@pytest.mark.parametrize("option", [("--precision", "5"), ("--words", "0"), ("--words", "-1")])
def test_complete_refuses_what_would_silence_it(killah, option):
    done = killah("complete", TEXT, *option)
    assert (done.code, done.out) == (2, "")
    assert option[0] in done.err


def test_continue_reads_stdin_a_file_or_an_argument_alike(killah, tmp_path):
    options = ("--seed", "1", "--max-tokens", "8")
    file = tmp_path / "draft.md"
    file.write_text(TEXT + "\n")
    piped = killah("continue", *options, stdin=TEXT.encode() + b"\n")
    assert piped.code == 0
    assert piped.out.startswith("e")
    assert killah("continue", str(file), *options).out == piped.out
    assert killah("continue", TEXT, *options).out == piped.out


def test_a_file_that_cannot_be_read_is_never_taken_for_text(killah, tmp_path, monkeypatch):
    """`killah continue drfat.md` must not go on from the name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "novel").mkdir()
    (tmp_path / "loop.md").symlink_to("loop.md")
    for name, says in (("drfat.md", "does not exist"), ("novel", "is a folder"), ("loop.md", "Cannot read")):
        done = killah("continue", name)
        assert (done.code, done.out) == (1, "")
        assert says in done.err
        assert len(done.err.splitlines()) == 1
    assert killah("complete", "She opened novel/draft.md", "--precision", "0").code == 0  # words


def test_candidates_differ_and_repeat(killah):
    options = ("continue", TEXT, "--seed", "5", "--candidates", "3", "--max-tokens", "12", "--json")
    one, two = (json.loads(killah(*options).out)["candidates"] for _ in range(2))
    assert one == two
    assert len(set(one)) == 3


@pytest.mark.parametrize(
    ("stdin", "says"),
    [(b"\xff\xfe\x00broken", "not text"), (b"caf\xe9", "not UTF-8"), (b"  \n", "empty")],
)
def test_stdin_that_is_no_text_is_one_line(killah, stdin, says):
    done = killah("continue", stdin=stdin)
    assert done.code == 1
    assert done.out == ""
    assert done.err.startswith("killah: ")
    assert says in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["--persona", "nobody-here"], "no persona"), (["--model", "no-such-model"], "no model")],
)
def test_unknown_persona_or_model_is_one_line(killah, arguments, says):
    done = killah("continue", TEXT, *arguments)
    assert done.code == 1
    assert says in done.err
    assert done.err.count("\n") == 1


def test_complete_gives_choices_that_begin_otherwise(killah):
    lines = killah("complete", "The name of the man was", "--choices", "4").out.splitlines()
    assert len({line.split()[0] for line in lines}) == 4
    found = json.loads(killah("complete", "The name of the man was", "--choices", "2", "--json").out)
    assert found["text"] == found["choices"][0]["text"]
    assert found["choices"][0]["probability"] >= found["choices"][1]["probability"]
