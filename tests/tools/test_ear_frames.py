"""The projector's rows: transformers and Killah hear the same, a word's end is where it was said."""

import json
import os

import numpy as np
import pytest
import torch
from transformers import Wav2Vec2ForCTC

from killah.audio import RATE
from killah.audio.features import features
from killah.audio.recognition.recogniser import Recogniser
from killah.gemma import base, catalog
from killah.training.recordings import Recordings
from tools.ear import clips, frames, projecting
from tools.ear.frames import heard, save_frames, word_ends
from tools.ear.letters import IDS, LETTERS, vocabulary
from tools.ear.model import build


@pytest.fixture
def ear(tmp_path):
    """A random encoder of ear-nano's kind, as it is saved."""
    torch.manual_seed(0)
    folder = tmp_path / "ear"
    build("tiny").save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps(vocabulary(), ensure_ascii=False))
    processing = {"feature_extractor_type": "Wav2Vec2FeatureExtractor", "do_normalize": True}
    (folder / "preprocessor_config.json").write_text(json.dumps(processing))
    return folder


def tone(seconds, pitch=0.05):
    return (0.3 * np.sin(np.arange(round(seconds * RATE)) * pitch)).astype(np.float32)


def test_a_projector_reads_in_killah_what_it_learned_from(ear):
    samples = tone(1.3) + np.random.default_rng(0).normal(0, 0.05, round(1.3 * RATE)).astype(np.float32)
    learned, _ = heard(Wav2Vec2ForCTC.from_pretrained(ear), samples)
    recogniser = Recogniser.load(str(ear))
    read = features(recogniser.frames(samples), recogniser.log_probs(samples))
    assert learned.shape == read.shape == (31, 64 + len(LETTERS))
    np.testing.assert_allclose(learned, read, atol=2e-3)


def test_rows_have_an_end_for_each_word_and_only_what_the_base_can_write(ear, tmp_path, monkeypatch):
    monkeypatch.setattr(frames, "LETTER_SCORE", 1e-6)  # random weights are sure of nothing
    shards, out = tmp_path / "shards", tmp_path / "rows"
    said = [
        (tone(1 + i / 4), text, "s") for i, text in enumerate(["one two", "да нет", "three", "four five"])
    ]
    for name in ("train-a", "dev-a"):
        clips.write(shards / name, iter(said))
    save_frames(shards, ear, out, hours=1.0)
    found = Recordings.read(out)
    rows = [json.loads(line) for line in (out / "train.jsonl").read_text().splitlines()]
    assert sorted(row["text"] for row in rows) == ["four five", "one two", "three"]
    for row in rows:
        assert len(row["ends"]) == len(row["text"].split())
        length = found.starts[row["recording"] + 1] - found.starts[row["recording"]]
        assert 0 < row["ends"][-1] <= length * found.seconds_per_frame + 1e-6
    tokenizer = base.load(catalog.find("pushkin-nano")).tokenizer
    assert len(found.rows(out / "valid.jsonl", tokenizer, 160, stack=3)) == 3


def test_a_word_ends_with_its_last_letter():
    log_probs = np.full((40, len(LETTERS)), -9.0, np.float32)
    log_probs[:, 0] = -0.1
    for frame, letter in [(5, "h"), (9, "i"), (12, "|"), (20, "h"), (31, "o")]:
        log_probs[frame] = -9.0
        log_probs[frame, IDS[letter]] = -0.1
    assert word_ends(log_probs, "hi ho") == [0.4, 1.28]
    assert word_ends(log_probs, "zz qq") == []  # something else was said
    assert word_ends(log_probs[:3], "hi ho") == []  # cut off


def test_rows_of_an_older_encoder_are_made_again(ear, tmp_path):
    assert not projecting.made(tmp_path, ear)
    (tmp_path / "valid.jsonl").write_text("{}")
    os.utime(ear / "model.safetensors", (1, 1))
    assert projecting.made(tmp_path, ear)
    os.utime(tmp_path / "valid.jsonl", (0, 0))
    assert not projecting.made(tmp_path, ear)
