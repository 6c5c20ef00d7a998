"""Emotions: what is told of an utterance is what the numbers say, and of nothing nothing is told."""

import json
import shutil

import numpy as np
import pytest
import torch
import transformers
from audio import speech_models
from audio.recognition.test_prosody import semitones, voice
from audio.sounds import SPEECH, coloured, silence, spoken
from safetensors.numpy import load_file, save_file

from killah import paths
from killah.audio import RATE
from killah.audio.dictation.utterances import Audio, End, Utterances
from killah.audio.encoders.wav2vec2 import Wav2Vec2
from killah.audio.recognition.emotion import (
    CARD,
    WEIGHTS,
    Card,
    Emotions,
    fingerprint,
    label_of,
    pooled_layers,
)
from killah.audio.recordings import files
from killah.errors import KillahError

SHIPPED = paths.shipped("models") / "emotion"
WEIGHT = {"mean": [12.0], "deviation": [2.0], "weight": [[1.0, -1.0]], "bias": [0.5, 0.0]}


def written(folder, **changes):
    """A classifier that knows the height of a voice only: an octave above `LOWEST` is nearly undecided."""
    card = {
        "labels": ["happy", "sad"], "prosody": ["pitch_p50"], "encoder": "none", "encoder_sha256": "",
        "layers": [], "language": "none", "training": "", "licence": "", "metrics": {},
    }  # fmt: skip
    folder.mkdir(exist_ok=True)
    (folder / CARD).write_text(json.dumps(card | changes))
    save_file({name: np.array(value, np.float32) for name, value in WEIGHT.items()}, folder / WEIGHTS)
    return folder


@pytest.fixture(scope="module")
def shipped():
    return Emotions.load(SHIPPED)


def test_probabilities_are_the_softmax_of_the_weighted_features(tmp_path):
    emotions = Emotions.load(written(tmp_path / "emotion"))
    for hertz in (110, 300):
        score = 2 * (semitones(hertz) - 12) / 2 + 0.5  # one label's logit less the other's
        found = emotions.of(voice(hertz))
        assert found["happy"] == pytest.approx(1 / (1 + np.exp(-score)), abs=0.02)
        assert sum(found.values()) == pytest.approx(1)
        assert list(found) == sorted(found, key=lambda label: -found[label])


def test_a_long_utterance_is_the_mean_of_its_pieces(tmp_path):
    emotions = Emotions.load(written(tmp_path / "emotion"))
    low, high = voice(110, 10.0), voice(300, 10.0)
    both = emotions.of(np.concatenate([low, high]))["happy"]
    assert both == pytest.approx((emotions.of(low)["happy"] + emotions.of(high)["happy"]) / 2, abs=0.01)


def test_layers_are_those_of_transformers(tmp_path):
    model = speech_models.wav2vec2(tmp_path, **speech_models.XLS_R)
    samples = speech_models.noise(RATE)
    prepared = transformers.Wav2Vec2FeatureExtractor(do_normalize=True)(
        samples, sampling_rate=RATE, return_tensors="pt"
    )
    with torch.no_grad():
        states = model.wav2vec2(prepared.input_values, output_hidden_states=True).hidden_states
    found = pooled_layers(Wav2Vec2(tmp_path), samples, 1)
    assert len(found) == 2
    for ours, theirs in zip(found, states, strict=False):
        frames = theirs[0].numpy()
        assert ours == pytest.approx(np.concatenate([frames.mean(0), frames.std(0)]), abs=1e-3)


def test_the_shipped_one_tells_emotions_of_actors_it_has_not_heard(shipped):
    if not SPEECH.exists():
        pytest.skip(f"needs real speech in {SPEECH}")
    rows = [json.loads(line) for line in (SPEECH / "manifest.jsonl").read_text().splitlines()]
    rows = [row for row in rows if row["emotion"] and row["split"] == "test"][::5]
    right = sum(
        next(iter(shipped.of(files.read(SPEECH / r["audio"])))) == label_of(r["emotion"]) for r in rows
    )
    assert right / len(rows) > 0.5  # one in seven by chance


def test_the_shipped_one_hears_the_same_at_any_level(shipped):
    samples = spoken("I never want to see you here again.")
    loud, quiet = shipped.of(samples * 0.9), shipped.of(samples * 0.05)
    assert loud.keys() == quiet.keys() == set(shipped.card.labels)
    assert sum(loud.values()) == pytest.approx(1)
    assert all(quiet[label] == pytest.approx(loud[label], abs=0.02) for label in loud)


def test_every_utterance_of_a_dictation_has_its_emotion(shipped):
    said = [spoken("It was a long way to the house."), spoken("Nobody was at home.")]
    samples = np.concatenate([silence(1), said[0], silence(2), said[1], silence(1)])
    utterances, pieces, found = Utterances(), [], []
    for event in [*utterances.feed(samples), *utterances.finish()]:
        if isinstance(event, Audio):
            pieces.append(event.samples)
        elif isinstance(event, End):
            found.append(shipped.of(np.concatenate(pieces)))
            pieces = []
    assert len(found) == 2
    assert all(sum(each.values()) == pytest.approx(1) for each in found)


@pytest.mark.parametrize("samples", [np.zeros(0), silence(3), coloured("white", 0.1, -20)])
def test_nothing_is_told_of_nothing(shipped, samples):
    with pytest.raises(KillahError, match="too little sound"):
        shipped.of(samples)


def test_a_card_says_that_it_heard_german_actors(shipped):
    assert "German" in shipped.card.language
    assert "EmoDB" in shipped.card.training
    assert shipped.card.metrics["clean_macro_f1"] > 0.5


def test_the_shipped_one_belongs_to_the_shipped_encoder(shipped):
    """Whoever trains ear-nano anew has to run `python -m tools.emotion fit`."""
    if shipped.card.layers:
        folder = paths.shipped("models") / shipped.card.encoder
        assert fingerprint(folder) == shipped.card.encoder_sha256


def test_another_encoder_than_it_was_made_for_is_refused(tmp_path):
    folder = written(tmp_path / "emotion", layers=[0], encoder="ear-nano", encoder_sha256="0" * 64)
    with pytest.raises(KillahError, match="made for another ear-nano"):
        Emotions.load(folder)


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "card", "labels", "shape"])
def test_a_damaged_one_is_one_sentence(tmp_path, damage):
    folder = written(tmp_path / "emotion")
    weights = folder / WEIGHTS
    if damage == "missing":
        weights.unlink()
    elif damage == "empty":
        shutil.rmtree(folder)
    elif damage == "cut":
        weights.write_bytes(weights.read_bytes()[:-3])
    elif damage == "card":
        (folder / CARD).write_text('{"labels": 3}')
    elif damage == "labels":
        written(folder, labels=["happy", "sad", "calm"])
    else:
        save_file(load_file(weights) | {"bias": np.zeros(5, np.float32)}, weights)
    with pytest.raises(KillahError):
        Emotions.load(folder)


def test_a_card_with_a_feature_that_nobody_measures_is_refused(tmp_path):
    with pytest.raises(KillahError, match="does not know"):
        Emotions.load(written(tmp_path / "emotion", prosody=["loudness_in_sones"]))


def test_names_of_other_collections_are_the_same_labels():
    assert label_of("Anger") == label_of("angry") == "angry"
    assert label_of(" fear") == "afraid"
    assert label_of("surprise") == "surprise"
    assert set(Card.model_validate_json((SHIPPED / CARD).read_text()).labels) <= {
        label_of(name) for name in ("anger", "boredom", "disgust", "fear", "happiness", "neutral", "sadness")
    }
