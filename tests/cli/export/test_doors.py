"""`killah export hf|gguf|peft|mlx-lm` as a script would use it."""

import json

import loras
import pytest
from typer.testing import CliRunner

from killah import config, paths
from killah.adapters import package
from killah.cli.export import commands
from killah.errors import KillahError
from killah.export import mlx_lm, peft
from killah.export.gguf import writing

VERBS = ["hf", "gguf", "peft", "mlx-lm"]


@pytest.fixture
def tiny(home, tmp_path, monkeypatch):
    """A base in use, and two adapters of it; nothing is shipped."""
    monkeypatch.setattr(paths, "shipped", lambda kind: tmp_path / "shipped" / kind)
    made = loras.base(paths.models_dir() / "tiny", 4)
    config.set_value("model", "tiny")
    for seed, name in enumerate(("rephrase", "persona-saki")):
        folder = paths.adapters_dir() / "tiny" / name
        package.write(folder, loras.card(made[1], name), loras.tensors(made[0], seed=seed))
    return made


def run(*arguments, code=0):
    """Stdout of a command; a failure is raised as the program's main would see it."""
    result = CliRunner().invoke(commands.app, [str(a) for a in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_a_task_goes_out_checked_and_says_so(tiny, tmp_path, verb):
    text = run(verb, "--composition", "rephrase", "--out", tmp_path / "out")
    assert f"Wrote {tmp_path / 'out'}: tiny with rephrase (1)." in text
    assert "computes the same: logits differ by at most" in text
    with pytest.raises(KillahError, match=r"exists already\. Give --force"):
        run(verb, "--composition", "rephrase", "--out", tmp_path / "out")
    arguments = ("--composition", "rephrase=0.5", "--persona", "saki", "--no-check", "--force", "--json")
    made = json.loads(run(verb, "--out", tmp_path / "out", *arguments))
    assert [(each["name"], each["weight"]) for each in made["adapters"]] == [
        ("rephrase", 0.5),
        ("persona-saki", 1.0),
    ]
    assert (made["folder"], made["format"], made["check"]) == (str(tmp_path / "out"), verb, None)
    assert made["unchecked"] == "not asked for"


def test_nobody_is_no_persona(tiny, tmp_path):
    arguments = ("--composition", "rephrase", "--persona", "none", "--no-check", "--json")
    made = json.loads(run("peft", "--out", tmp_path / "out", *arguments))
    assert [each["name"] for each in made["adapters"]] == ["rephrase"]


def test_the_files_are_those_that_the_other_programs_look_for(tiny, tmp_path):
    files = {
        "hf": ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"],
        "gguf": ["tiny-rephrase-Q8_0.gguf"],
        "peft": ["adapter_config.json", peft.WEIGHTS],
        "mlx-lm": ["adapter_config.json", mlx_lm.WEIGHTS],
    }
    for verb, names in files.items():
        more = ["--type", "q8_0"] if verb == "gguf" else []
        run(verb, "--composition", "rephrase", "--out", tmp_path / verb, "--no-check", *more)
        assert {path.name for path in (tmp_path / verb).iterdir()} == {"README.md", "export.json", *names}


def test_a_base_alone_goes_out_and_an_adapter_that_is_not_there_does_not(tiny, tmp_path):
    made = json.loads(run("hf", "--out", tmp_path / "out", "--dtype", "bfloat16", "--no-check", "--json"))
    assert made["adapters"] == []
    for text in ("story", "dictation=0.5"):  # a task that needs its adapter; an adapter
        with pytest.raises(KillahError, match=r"There is no (composition or )?adapter"):
            run("gguf", "--composition", text, "--out", tmp_path / "no")
    assert not (tmp_path / "no").exists()


def test_without_the_gguf_package_one_line_says_what_to_run(tiny, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "gguf", None)
    with pytest.raises(KillahError, match=r"Run: pip install 'killah\[export\]'"):
        run("gguf", "--out", tmp_path / "out")
    with pytest.raises(KillahError, match="gguf package is missing"):
        writing.library()


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb):
    text = run(verb, "--help")
    assert f"Example: killah export {verb}" in text
    assert "--json" in text
