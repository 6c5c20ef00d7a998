"""Speech is measured in every way it can be heard, with a control that tells hearing from guessing."""

import argparse
import json

import pytest
import soundfile
from audio.sounds import spoken

from killah import paths
from killah.adapters import package
from killah.engine.hearing import ways
from tools.evaluate import speech


@pytest.fixture
def manifest(tmp_path):
    rows = []
    for number, text in enumerate(["the house was very old", "she went home"]):
        soundfile.write(tmp_path / f"{number}.wav", spoken(text), 16_000)
        rows.append({"audio": f"{number}.wav", "text": text, "dataset": "voices"})
    (tmp_path / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return tmp_path / "manifest.jsonl"


def options(manifest, *more):
    parser = argparse.ArgumentParser()
    speech.add_options(parser)
    return parser.parse_args(["--manifest", str(manifest), "--no-peer", *more])


def test_every_way_is_measured_beside_the_control(home, manifest):
    result = speech.run(options(manifest))
    figures = result["voices"]
    assert (figures["clips"], figures["words"]) == (2, 8)
    for way in [*speech.WAYS.values(), "ctc_greedy", speech.CONTROL]:
        rate = figures[way]["word_error_rate"]
        assert rate.low <= rate.value <= rate.high
    # The same two transcripts, told of each other's clips.
    assert figures[speech.CONTROL]["word_error_rate"].value >= 0.5
    nats = figures["nats_a_word"]
    gap = nats["own_sound"].value - nats["another_clips_sound"].value
    assert nats["own_less_another"].value == pytest.approx(gap)
    assert set(figures["over_ctc_words"]) >= {"joint", "projector", "ctc_words_base"}
    assert result["all"]["words"] == 8


def test_without_a_projector_the_letters_are_measured_alone(home, manifest):
    figures = speech.run(options(manifest, "--no-projector"))["voices"]
    assert "projector" not in figures and "nats_a_word" not in figures
    assert "ctc_words_base" in figures


def test_the_card_says_which_way_measured_best(home, tmp_path):
    folder = paths.shipped("adapters") / "pushkin-nano" / "audio-projector"
    found = package.read(folder)
    place = paths.adapters_dir() / "pushkin-nano" / "audio-projector"
    package.write(place, found.card, found.tensors)
    texts = ["one two three four"]
    heard = {name: ["one two three"] for name in speech.WAYS.values()} | {"ctc_words_base": texts}
    figures = speech._figures(speech._Heard(texts, heard), 0)
    speech.write_rates(place, figures)
    metrics = package.read(place).card.metrics  # still a whole package
    assert metrics["word_error_rate_ctc"] == 0.25 and metrics["word_error_rate_reread"] == 0.0
    assert ways.chosen("best", "pushkin-nano", "ear-nano") == "reread"
