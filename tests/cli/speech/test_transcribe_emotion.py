"""`killah transcribe --emotion`: every utterance with how it was said, in every form."""

import json

import numpy as np
import pytest
import soundfile
from audio.sounds import silence, spoken

from killah import paths
from killah.audio.recognition.emotion import Emotions


@pytest.fixture
def speech(tmp_path):
    path = tmp_path / "speech.wav"
    samples = np.concatenate([silence(1), spoken("the house was very old"), silence(1.5)])
    soundfile.write(path, samples, 16_000)
    return path


def test_every_utterance_has_its_emotion_and_how_sure_it_is(killah, speech):
    result = killah("transcribe", str(speech), "--emotion", "--json")
    assert result.code == 0, result.err
    (utterance,) = json.loads(result.out)["utterances"]
    labels = Emotions.load(paths.shipped("models") / "emotion").card.labels
    assert utterance["emotion"] in labels
    assert 1 / len(labels) < utterance["emotion_probability"] <= 1
    text = killah("transcribe", str(speech), "--emotion").out
    assert text == f"[{utterance['emotion']} {utterance['emotion_probability']:.0%}] {utterance['text']}\n"


def test_without_being_asked_nothing_is_told(killah, speech):
    (utterance,) = json.loads(killah("transcribe", str(speech), "--json").out)["utterances"]
    assert not any(key.startswith("emotion") for key in utterance)
