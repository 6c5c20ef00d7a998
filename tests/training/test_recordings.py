"""Speech among text: words stand behind their chunk, the projector learns to hear, an adapter reads it."""

import json

import mlx.core as mx
import numpy as np
import pytest
from recipes import WORDS

from killah.adapters import catalog, package
from killah.errors import KillahError
from killah.gemma import base, hearing
from killah.gemma.projector import Projector
from killah.training import data, runs
from killah.training.recordings import ABOUT, Recordings, write

WIDTH = 6
SAID = [" ".join(WORDS[:3] * 3), " ".join(WORDS[5:8] * 3)]


@pytest.fixture
def folder(tmp_path):
    """Silence, and clips of two kinds that sound different."""
    random = np.random.default_rng(0)
    sounds = random.normal(size=(2, WIDTH))
    clips = [np.zeros((5, WIDTH))]
    clips += [sounds[i % 2] + random.normal(size=(4 + i % 3, WIDTH)) / 10 for i in range(16)]
    (tmp_path / "data").mkdir()
    write(tmp_path / "data", "ear", 0.04, clips, WIDTH)
    return tmp_path / "data"


def rows(count):
    return [{"text": SAID[i % 2], "recording": 1 + i} for i in range(count)]


def test_recordings_stand_row_after_row_and_end_with_silence(folder):
    found = Recordings.read(folder)
    batch = data.Batch(np.zeros((2, 2), np.int32), np.ones((2, 2), bool), recordings=[1, 3])
    stacked = found.stacked(batch, 3)  # 4 frames, then 6
    assert stacked.shape == (2 + 2, 3 * WIDTH)
    short, long = stacked.reshape(2, 6, WIDTH)
    np.testing.assert_allclose(short[:4], found.frames[5:9])
    assert not short[4:].any()  # the silence, which is zero here
    np.testing.assert_allclose(long, found.frames[14:20])


def test_words_stand_behind_the_chunk_they_end_in(tiny, tmp_path):
    write(tmp_path, "ear", 0.04, [np.zeros((5, WIDTH)), np.zeros((62, WIDTH))], WIDTH)  # 2.48 s
    row = {"recording": 1, "text": "sea boat gull", "ends": [0.5, 0.9, 1.5], "emotion": "calm"}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    tokenizer = base.load(tiny).tokenizer
    (laid,) = Recordings.read(tmp_path).rows(tmp_path / "rows.jsonl", tokenizer, 99, stack=3)
    sil, soft = tokenizer.id("<eos>"), hearing.SOFT  # this base has no <sil>
    # Eight soft tokens of 0.12 s are a chunk; 0.9 is too near to its end to know that the word is over.
    said = [[" sea"], [" boat", " gull"], []]
    expected = [tokenizer.bos]
    for tokens, words in zip([8, 8, 5], said, strict=True):
        expected += [soft] * tokens + [i for word in words for i in tokenizer.encode(word)] + [sil]
    expected += tokenizer.encode(" calm")
    assert laid.ids.tolist() == expected
    assert laid.learned[1:].tolist() == [i != soft for i in expected[1:]]


def test_soft_tokens_stand_in_their_places(folder, tiny, tmp_path):
    found, loaded = Recordings.read(folder), base.load(tiny)
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows(3))))
    batch = data.collate(found.rows(tmp_path / "rows.jsonl", loaded.tokenizer, 99, stack=2))
    projector = Projector(2 * WIDTH, loaded.model.config.hidden_size)
    projector.eval()
    embedded = np.array(found.embed(mx.array(batch.ids), loaded.model, projector, batch))
    for number, each in enumerate(embedded):
        alone = data.Batch(batch.ids[:1], batch.learned[:1], recordings=[1 + number])
        soft = np.array(projector(mx.array(found.stacked(alone, 2))))[:, 0]
        np.testing.assert_allclose(each[1 : 1 + len(soft)], soft, atol=1e-5)
    text = np.array(loaded.model.embed(mx.array(batch.ids[:1, -3:])))
    np.testing.assert_allclose(embedded[0, -3:], text[0], atol=1e-5)


def test_the_projector_learns_what_was_said_alone_and_with_its_reader(folder, recipe, tiny, home, tmp_path):
    settings = recipe(rows=rows(16), valid=rows(4), name="audio-projector", stack=2)
    changes = ["learning_rate=0.05", "install=true", "patience=9"]
    before = runs.run(
        "audio-projector", settings, ["iters=1", "learning_rate=0.000001", f"adapter_path={tmp_path / 'no'}"]
    )
    after = runs.run("audio-projector", settings, [*changes, "iters=60"])
    assert after["valid"] < before["valid"] - 0.5
    manifest = base.load(tiny).manifest
    card = package.read(catalog.find("audio-projector", "tiny"), manifest).card
    assert (card.kind, card.input_width, card.soft_tokens) == ("projector", 2 * WIDTH, 1)
    assert card.input_space == "2 frames of ear with their letters"

    both = recipe("both", name="audio-projector", stack=2, audio_lora="audio")
    first = runs.run("audio-projector", both, [*changes, "iters=10", "learning_rate=0.01"])
    reader = package.read(catalog.find("audio", "tiny"), manifest)
    assert (reader.card.kind, reader.card.rank, reader.card.role) == ("lora", 4, "persona")
    assert any(name.endswith("lora_b") and np.array(each).any() for name, each in reader.tensors.items())

    # Going on begins where the packages ended, not anew.
    further = recipe("further", name="audio-projector", stack=2, audio_lora="audio", go_on=True)
    again = runs.run("audio-projector", further, [*changes, "iters=1", "learning_rate=0.000001"])
    assert again["valid"] == pytest.approx(first["valid"], abs=0.02)


def test_an_adapter_learns_behind_the_projector(folder, recipe, tiny, home, tmp_path):
    settings = recipe(rows=rows(16), valid=rows(4), name="audio-projector", stack=3)
    first = runs.run("audio-projector", settings, ["iters=2", "install=true"])
    adapter = recipe("lora", name="audio", role="audio", audio_projector="audio-projector")
    figures = runs.run("audio-lora", adapter, ["iters=20", "install=true", "patience=9"])
    assert figures["valid"] < first["valid"]
    with pytest.raises(KillahError, match="no audio projector"):
        runs.run("audio-lora", recipe("none", name="audio"), ["iters=1"])


def test_recordings_that_do_not_fit_their_rows_are_refused(folder, recipe, tiny, tmp_path):
    tokenizer = base.load(tiny).tokenizer

    def read(row, longest=99):
        (tmp_path / "rows.jsonl").write_text(json.dumps(row))
        return Recordings.read(folder).rows(tmp_path / "rows.jsonl", tokenizer, longest, 2)

    with pytest.raises(KillahError, match="no recording 99"):
        read({"text": "sea", "recording": 99})
    with pytest.raises(KillahError, match="names its recording"):
        runs.run("audio-projector", recipe(rows=[{"text": SAID[0]}] * 4, name="x"), ["iters=1"])
    with pytest.raises(KillahError, match="Line 1"):  # an end is missing
        read({"text": "sea boat", "ends": [0.1], "recording": 1})
    with pytest.raises(KillahError, match="too long"):
        read({"text": SAID[0], "recording": 1}, longest=9)
    (folder / ABOUT).write_text('{"encoder": "ear", "seconds_per_frame": 0.04, "lengths": [3]}')
    with pytest.raises(KillahError, match="Cannot read the recordings"):
        Recordings.read(folder)
