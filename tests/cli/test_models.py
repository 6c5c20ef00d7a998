"""`killah models` as a script would use it."""

import json

import checkpoints
import pytest
from typer.testing import CliRunner

from killah import config, paths
from killah.cli import models
from killah.errors import KillahError


@pytest.fixture
def source(tmp_path):
    return checkpoints.write(tmp_path / "source")


def run(*arguments):
    """Stdout of a command; a failure is raised as the program's main would see it."""
    result = CliRunner().invoke(models.app, [str(a) for a in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_convert_show_use_list(source):
    made = json.loads(run("convert", source, "tiny", "--json"))
    assert made["quantisation"] == {"bits": 4, "group_size": 64, "embedding_bits": 4}
    assert made["folder"] == str(paths.models_dir() / "tiny")
    assert json.loads(run("show", "tiny", "--json")) == made
    run("use", "tiny")
    assert config.load().model == "tiny"
    assert json.loads(run("show", "--json")) == made
    listed = {model["name"]: model for model in json.loads(run("list", "--json"))["installed"]}
    assert listed["tiny"]["in_use"]
    assert listed["tiny"]["precision"] == "INT4 g64"


def test_text_output_names_the_model_and_what_to_do(source):
    assert "INT4 g32, embedding INT8" in run("convert", source, "--group-size", 32, "--embedding-bits", 8)
    text = run("list")
    assert "source" in text
    assert "killah models pull gemma-3-4b" in text


def test_a_folder_is_remembered_by_its_full_path(source, tmp_path, monkeypatch):
    """Else the setting would mean another folder in the next shell."""
    run("convert", source, "--to", tmp_path / "elsewhere", "--bits", "none")
    monkeypatch.chdir(tmp_path)
    run("use", "elsewhere")
    assert config.load().model == str(tmp_path / "elsewhere")


def test_an_unusable_model_is_not_chosen(source):
    before = config.load().model
    for model in ("nobody", source):
        with pytest.raises(KillahError):
            run("use", model)
    assert config.load().model == before


def test_pull_without_a_hub_is_one_sentence():
    with pytest.raises(KillahError, match="killah models convert"):
        run("pull", "gemma-3-4b")


@pytest.mark.parametrize("verb", ["list", "show", "pull", "convert", "use"])
def test_every_verb_has_help_with_an_example(verb):
    text = run(verb, "--help")
    assert "Example: killah models" in text
    assert "--json" in text
