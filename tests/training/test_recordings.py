"""Speech before text: the projector learns to hear, silence fills up, an adapter reads behind it."""

import mlx.core as mx
import numpy as np
import pytest
from recipes import WORDS

from killah.adapters import catalog, package
from killah.errors import KillahError
from killah.gemma import base
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


def test_shorter_recordings_have_silence_before_them(folder):
    found = Recordings.read(folder)
    batch = data.Batch(np.zeros((2, 2), np.int32), np.ones((2, 2), bool), recordings=[1, 3])
    stacked = found.stacked(batch, 3)
    assert stacked.shape == (2, 2, 3 * WIDTH)
    short = stacked[0].reshape(6, WIDTH)
    assert not short[:2].any()  # two frames of the silence, which is zero here
    np.testing.assert_allclose(short[2:], found.frames[5:9])
    assert np.isclose(stacked[1].reshape(6, WIDTH), found.frames[14:20]).all()
    projector = Projector(3 * WIDTH, 8)
    assert found.soft_tokens(projector, batch).shape == (2, 2, 8)


def test_the_projector_learns_what_was_said_and_an_adapter_behind_it(folder, recipe, tiny, home, tmp_path):
    settings = recipe(rows=rows(16), valid=rows(4), name="audio-projector", stack=2)
    changes = ["iters=60", "learning_rate=0.05", "install=true", "patience=9"]
    before = runs.run(
        "audio-projector", settings, ["iters=1", "learning_rate=0.000001", f"adapter_path={tmp_path / 'no'}"]
    )
    after = runs.run("audio-projector", settings, changes)
    assert after["valid"] < before["valid"] - 0.5
    card = package.read(catalog.find("audio-projector", "tiny"), base.load(tiny).manifest).card
    assert (card.kind, card.input_width, card.soft_tokens) == ("projector", 2 * WIDTH, 1)
    assert card.input_space == "2 frames of ear"

    adapter = recipe("lora", name="audio", role="audio", audio_projector="audio-projector")
    figures = runs.run("audio-lora", adapter, ["iters=10", "install=true", "patience=9"])
    assert figures["valid"] < before["valid"]
    with pytest.raises(KillahError, match="no audio projector"):
        runs.run("audio-lora", recipe("none", name="audio"), ["iters=1"])


def test_recordings_that_do_not_fit_their_rows_are_refused(folder, recipe):
    with pytest.raises(KillahError, match="no recording 99"):
        Recordings.read(folder).check([data.Row(np.zeros(2), np.ones(2, bool), recording=99)])
    with pytest.raises(KillahError, match="names its recording"):
        runs.run("audio-projector", recipe(rows=[{"text": SAID[0]}] * 4, name="x"), ["iters=1"])
    (folder / ABOUT).write_text('{"encoder": "ear", "seconds_per_frame": 0.04, "lengths": [3]}')
    with pytest.raises(KillahError, match="Cannot read the recordings"):
        Recordings.read(folder)


def test_the_loss_counts_the_text_and_not_the_sound(folder, tiny):
    loaded = base.load(tiny)
    row = data.encode({"text": SAID[0], "recording": 2}, loaded.tokenizer, 64)
    assert row.recording == 2
    assert row.learned.sum() == len(loaded.tokenizer.encode(SAID[0]))
    assert mx.array(row.ids).size == len(row.learned)
