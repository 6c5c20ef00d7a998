"""The classifier of emotions is fitted and judged fairly: by speakers that it has not heard."""

import json

import numpy as np
import pytest
import soundfile
from audio.sounds import spoken

from killah import paths
from killah.audio import RATE
from killah.audio.encoder import SpeechEncoder
from killah.audio.encoders.wav2vec2 import Wav2Vec2
from killah.gemma import base as gemma
from killah.gemma import catalog as gemma_catalog
from killah.metrics.classes import accuracy
from killah.training.recordings import Recordings
from tools.ear import clips
from tools.emotion import fitting
from tools.emotion.fitting import Choice, blocks, figures, fit, unheard
from tools.emotion.measured import Measured, measure, read, read_aloud, together
from tools.emotion.rows import COPIES, save_rows
from tools.evaluate.emotion import emotions

SAID = "There is nobody left in the house."
CLIPS = [
    ("anger", "en+m1", "train"),
    ("anger", "en+f2", "train"),
    ("sadness", "en+m1", "train"),
    ("sadness", "en+f1", "test"),
    ("anger", "en+f1", "test"),
    ("anger", "en+f1", "test"),
    ("surprise", "en+f1", "test"),
    (None, "en+m1", "test"),
]


def made(prosody, labels, speakers, layers=None):
    """Numbers that nobody measured, all clean."""
    rows = len(labels)
    layers = np.zeros((rows, 1, 2)) if layers is None else layers
    return Measured(
        [f"n{i}" for i in range(prosody.shape[1])],
        prosody,
        layers,
        np.array(labels),
        np.array(speakers),
        np.array(["train"] * rows),
        np.zeros(rows, int),
    )


@pytest.fixture
def clouds():
    """Three labels, each a cloud around a corner of its own, from six speakers."""
    random = np.random.default_rng(0)
    labels = np.repeat(["angry", "calm", "sad"], 60)
    corners = np.repeat([[4, 0, 0], [0, 40, 0], [0, 0, 400]], 60, axis=0)
    values = corners + random.normal(0, [1, 10, 100], (180, 3))
    return made(values, labels.tolist(), [f"s{i % 6}" for i in range(180)])


def test_logistic_regression_is_scikit_learns(clouds):
    linear = pytest.importorskip("sklearn.linear_model")
    fitted = fit(Choice(prosody=True), clouds)
    x = (clouds.prosody - clouds.prosody.mean(0)) / clouds.prosody.std(0)
    theirs = linear.LogisticRegression(C=1 / (2 * fitting.L2 * len(x)), max_iter=1000, tol=1e-8)
    theirs.fit(x, clouds.labels)
    assert fitted.labels == theirs.classes_.tolist()
    assert fitted.probabilities(clouds) == pytest.approx(theirs.predict_proba(x), abs=1e-3)


def test_clouds_are_told_apart_whatever_the_units(clouds):
    found = unheard(Choice(prosody=True), clouds)
    assert accuracy(clouds.labels.tolist(), found).value > 0.9


def test_no_speaker_is_judged_by_what_was_learned_from_them():
    # Each speaker's first feature names the speaker, and each has one label: who is known is never wrong.
    speakers = [f"s{i % 6}" for i in range(120)]
    labels = ["angry" if i % 6 < 3 else "sad" for i in range(120)]
    values = np.eye(6)[np.arange(120) % 6] * 10
    measured = made(values, labels, speakers)
    assert fit(Choice(prosody=True), measured).guesses(measured) == labels
    assert accuracy(labels, unheard(Choice(prosody=True), measured)).value < 0.6


def test_a_mixture_finds_the_layer_that_tells_and_ships_as_layers_side_by_side(clouds):
    random = np.random.default_rng(1)
    layers = random.normal(size=(180, 3, 3))
    layers[:, 1] = clouds.prosody
    measured = made(random.normal(size=(180, 2)), clouds.labels, clouds.speakers, layers)
    choice = Choice(prosody=True, layers=(0, 1, 2), mixed=True)
    fitted = fit(choice, measured)
    assert fitted.shares[1] > 0.8
    assert fitted.weight.shape == (sum(block.shape[1] for block in blocks(choice, measured)), 3)
    assert accuracy(clouds.labels.tolist(), fitted.guesses(measured)).value > 0.9
    assert str(choice) == "prosody + mixture of layers 0, 1, 2"


def test_clean_and_augmented_clips_have_figures_of_their_own(clouds):
    clouds.copies[::2] = 1
    guesses = [label if copy else "calm" for label, copy in zip(clouds.labels, clouds.copies, strict=True)]
    found = figures(clouds, guesses)
    assert found["augmented"]["accuracy"].value == 1.0
    assert found["clean"]["accuracy"].value == pytest.approx(1 / 3)


@pytest.fixture
def manifest(tmp_path):
    """Synthetic voices; what they feel is what the manifest says."""
    rows = []
    for number, (name, voice, split) in enumerate(CLIPS):
        soundfile.write(tmp_path / f"{number}.wav", spoken(f"{SAID} Number {number}.", voice), RATE)
        rows.append({"audio": f"{number}.wav", "emotion": name, "speaker": voice, "split": split})
    path = tmp_path / "manifest.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_clips_are_measured_with_their_copies_and_layers(manifest):
    rows = read(manifest)
    assert [row["emotion"] for row in rows][:3] == ["angry", "angry", "sad"] and len(rows) == 7
    encoder = SpeechEncoder.load(paths.shipped("models") / "ear-nano")
    assert isinstance(encoder, Wav2Vec2)
    found = measure(rows[:2], encoder, copies=1)
    assert found.copies.tolist() == [0, 1, 0, 1]
    assert found.layers.shape == (4, encoder.config.num_hidden_layers + 1, 2 * encoder.width)
    assert np.isfinite(found.layers).all() and np.isfinite(found.prosody).all()
    assert not np.array_equal(found.prosody[0], found.prosody[1])


def test_the_evaluation_counts_test_clips_only_and_leaves_out_unknown_labels(manifest):
    found = emotions(manifest)
    assert found is not None
    assert (found["clips"], found["speakers"], found["left_out"]) == (3, 1, 1)
    assert set(found["killah"]["recall"]) == {"angry", "sad"}
    assert found["killah"]["accuracy"].n == found["acoustic_baseline"]["macro_f1"].n == 3
    assert found["commonest_label"]["accuracy"].value == pytest.approx(2 / 3)  # angry, as most that train
    assert found["commonest_label"]["macro_f1"].value == pytest.approx((0.8 + 0) / 2)


def test_recordings_without_emotions_have_no_figures(tmp_path):
    path = tmp_path / "manifest.jsonl"
    path.write_text(
        '{"audio": "a.wav", "text": "a"}\n{"audio": "b.wav", "emotion": "anger", "split": "dev"}\n'
    )
    assert emotions(path) is None


def test_rows_for_the_projector_end_with_how_it_was_said(manifest, tmp_path):
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    rows[2]["split"] = "dev"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for shard in ("train-real", "dev-real"):
        clips.write(tmp_path / "shards" / shard, [(spoken("the old house"), "the old house", "en")] * 9)
    save_rows(manifest, tmp_path / "shards", paths.shipped("models") / "ear-nano", tmp_path / "out")
    base = gemma.load(gemma_catalog.find("pushkin-nano"))
    recordings = Recordings.read(tmp_path / "out")
    train, valid = (
        [json.loads(line) for line in (tmp_path / "out" / f"{split}.jsonl").read_text().splitlines()]
        for split in ("train", "valid")
    )
    acted = [row["emotion"] for row in train if not row["text"]]
    assert acted == ["angry"] * COPIES * 2  # two clips, none of them the test's
    assert [row["emotion"] for row in valid if not row["text"]] == ["sad"]
    assert {row["emotion"] for row in train if row["text"]} <= {"neutral"}
    laid = recordings.rows(tmp_path / "out" / "train.jsonl", base.tokenizer, 300, stack=3)
    assert len(laid) == len(train)
    angry = base.tokenizer.encode(" angry")
    assert laid[0].ids[-len(angry) :].tolist() == angry and laid[0].learned[-len(angry) :].all()


def test_read_aloud_clips_are_neutral_and_test_clips_stay_apart(tmp_path):
    path = tmp_path / "manifest.jsonl"
    rows = [
        {"audio": f"{i}.wav", "dataset": "a" if i % 2 else "b", "split": "test" if i > 5 else "train"}
        for i in range(9)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    train, test = (read_aloud(path, {"a": 2, "b": 9}, tested=tested) for tested in (False, True))
    assert {row["emotion"] for row in [*train, *test]} == {"neutral"}
    assert [row["dataset"] for row in train] == ["a"] * 2 + ["b"] * 3
    assert {row["audio"] for row in test} == {tmp_path / f"{i}.wav" for i in (6, 7, 8)}


def test_clips_beside_are_learned_from_but_never_judged(clouds):
    random = np.random.default_rng(2)
    beside = made(np.array([0, 120, 0]) + random.normal(size=(40, 3)), ["calm"] * 40, ["x"] * 40)
    assert len(together(clouds, beside).labels) == 220
    found = unheard(Choice(prosody=True), clouds, beside)
    assert len(found) == 180 and accuracy(clouds.labels.tolist(), found).value > 0.85
    assert set(fit(Choice(prosody=True), together(clouds, beside)).guesses(beside)) == {"calm"}
