"""`killah models` as a script would use it."""

import json
import shutil

import checkpoints
import pytest
from audio import speech_models
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


@pytest.fixture(scope="module")
def ear(tmp_path_factory):
    """A tiny speech encoder with letters."""
    folder = tmp_path_factory.mktemp("ear") / "ear"
    speech_models.wav2vec2(folder)
    return folder


def test_speech_encoders_are_listed_shown_chosen_and_removed_beside_bases(ear, source):
    run("convert", source, "tiny")
    shutil.copytree(ear, paths.models_dir() / "mine")
    listed = {model["name"]: model for model in json.loads(run("list", "--json"))["installed"]}
    assert (listed["tiny"]["kind"], listed["mine"]["kind"]) == ("base", "encoder")
    assert not listed["mine"]["in_use"]
    shown = json.loads(run("show", "mine", "--json"))
    assert (shown["letters"], shown["parameters"]) == (29, listed["mine"]["parameters"])
    assert "speech encoder (wav2vec2)" in run("show", "mine")
    assert "now hears with mine" in run("use", "mine")
    assert (config.load().encoder, config.load().model) == ("mine", "pushkin-nano")
    assert "mine *" in run("list")
    with pytest.raises(KillahError, match="mine is in use"):
        run("rm", "mine", "--yes")
    run("use", ear)
    assert config.load().encoder == str(ear)
    run("rm", "mine", "--yes")
    run("rm", "tiny", "--yes")
    names = {model["name"] for model in json.loads(run("list", "--json"))["installed"]}
    assert not names & {"mine", "tiny"}


def test_only_the_users_own_models_can_be_removed():
    for name, message in (("pushkin-nano", "is shipped"), ("nobody", "You have no"), ("../up", "cannot be")):
        with pytest.raises(KillahError, match=message):
            run("rm", name, "--yes")


def test_what_can_be_pulled_says_what_it_is():
    listed = json.loads(run("list", "--json"))["available"]
    assert listed["whisper-medium"]["kind"] == "encoder"
    with pytest.raises(KillahError, match=r"HF_HUB_OFFLINE is set.*models/wav2vec2-xls-r-300m yourself"):
        run("pull", "wav2vec2-xls-r-300m")


@pytest.mark.parametrize("verb", ["list", "show", "pull", "convert", "use", "rm"])
def test_every_verb_has_help_with_an_example(verb):
    text = run(verb, "--help")
    assert "Example: killah models" in text
    assert "--json" in text
