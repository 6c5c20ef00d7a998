"""Free instructions: they must be told from dictation; stories about doors are written down."""

import json
from pathlib import Path

import numpy as np
import pytest

from killah import paths
from killah.audio.commands import intent
from killah.audio.commands.features import BUCKETS, features, places
from killah.audio.commands.grammar import core
from killah.audio.commands.intents import SURE, Model
from killah.audio.commands.parts import Part
from killah.audio.commands.tables import LANGUAGES, table
from killah.errors import KillahError

DATA = Path(__file__).parents[1] / "data"
# By hand; models/intents/README.md tells which of them the templates were improved on.
ROWS = [
    json.loads(line)
    for name in ("intents", "instructions")
    for line in (DATA / f"{name}.jsonl").read_text("utf-8").splitlines()
]


def rows(language, *, asked):
    return [row for row in ROWS if row["language"] == language and bool(row["name"]) == asked]


@pytest.mark.parametrize("language", LANGUAGES)
def test_most_instructions_are_told(language):
    told = [(row, intent(row["say"], language)) for row in rows(language, asked=True)]
    missed = [row["say"] for row, found in told if found is None]
    assert len(missed) <= 0.15 * len(told), missed
    wrong = [(row["say"], found.name) for row, found in told if found and found.name != row["name"]]
    assert len(wrong) <= 0.12 * len(told), wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_hardly_any_look_alike_is_taken_for_an_instruction(language):
    alike = [row["say"] for row in rows(language, asked=False)]
    false = [said for said in alike if intent(said, language)]
    assert len(false) <= 0.07 * len(alike), false


@pytest.mark.parametrize(
    ("said", "language"), [("say it louder", "en"), ("пиши разборчиво", "ru"), ("следующий рассказ", "ru")]
)
def test_few_words_must_be_surer_than_many(said, language):
    """They are as sure as a longer instruction need be."""
    form = core(said, language)
    assert Model.of(language).judge(form.words, table(language))[1] > SURE
    assert intent(said, language) is None


def test_prose_is_dictated():
    prose = (paths.shipped("samples") / "the-blue-cross.txt").read_text("utf-8")
    pieces = [piece.strip() for piece in prose.replace("\n", " ").replace(",", ".").split(".")]
    assert len(pieces) > 100
    assert not [piece for piece in pieces if intent(piece)]


@pytest.mark.parametrize(
    ("said", "language", "part", "then"),
    [
        ("transcribe the first half, then stop listening", "en", Part("half", 0), "stop_listening"),
        ("запиши первую половину а потом перестань слушать", "ru", Part("half", 0), "stop_listening"),
        ("delete the second sentence and then read the last sentence", "en", Part("sentence", 1), "read"),
    ],
)
def test_an_instruction_in_two_steps(said, language, part, then):
    found = intent(said, language)
    assert found is not None and found.then is not None
    assert (found.part, found.then.name) == (part, then)


def test_the_instruction_is_kept_as_it_was_said():
    found = intent("Okay, please delete the sentence about Oscar Wilde.")
    assert found is not None
    assert found.said == "delete the sentence about Oscar Wilde"


@pytest.mark.parametrize("said", ["", "um", "make", "please", "12 34", "make this shorter " * 20, "\0 \n"])
def test_nothing_and_noise_are_no_instruction(said):
    assert intent(said) is None


def test_features_do_not_depend_on_the_run():
    """Weights belong to places: a hash that changes between processes would make them noise."""
    assert places({"word paragraph", "has <this>"}).tolist() == [4_094, 6_884]
    assert places(features(["make", "this", "shorter"], table("en"))).max() < BUCKETS


def test_a_missing_model_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "shipped", lambda kind: tmp_path)
    Model.of.cache_clear()
    with pytest.raises(KillahError, match="damaged or missing"):
        intent("rewrite the second sentence in the manner of a sailor")
    Model.of.cache_clear()


def test_the_model_fits_its_features():
    folder = paths.shipped("models") / "intents"
    assert (folder / "model.safetensors").stat().st_size < 1_200_000
    for language in LANGUAGES:
        model = Model.of(language)
        assert model.weights.shape == (BUCKETS + 1, len(model.names))
        assert np.isfinite(model.weights).all()
    assert (folder / "README.md").exists()
