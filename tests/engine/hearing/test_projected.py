"""Speech written by the base: chunk by chunk, what was surrounded stays; both ways of hearing vote."""

import mlx.core as mx
import numpy as np
import pytest
from audio import speech_models

from killah import paths
from killah.adapters import package
from killah.adapters.card import AdapterCard
from killah.audio.recognition.beam import Hypothesis
from killah.audio.recognition.recogniser import Recogniser
from killah.engine.hearing import ways
from killah.engine.hearing.joint import Judged, by_hearing, by_reading
from killah.engine.hearing.projected import MOST, Projected
from killah.engine.members import Members
from killah.errors import KillahError
from killah.gemma import base as bases
from killah.gemma.projector import Projector, embedding_scale
from killah.gemma.trees import flat

RATE = 16_000
STACK, FRAME = 3, 0.02
CHUNK = 16  # soft tokens of 60 ms


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """No shipped adapters: only what a test installs."""
    real = paths.shipped
    monkeypatch.setattr(paths, "shipped", lambda kind: tmp_path if kind == "adapters" else real(kind))


@pytest.fixture
def base(home, alone):
    return bases.load(paths.shipped("models") / "pushkin-nano")


@pytest.fixture
def recogniser(tmp_path):
    speech_models.wav2vec2(tmp_path / "ear")
    return Recogniser.load(str(tmp_path / "ear"))


def install(base, width, **metrics):
    """A projector with random weights."""
    mx.random.seed(3)
    projector = Projector(width, base.model.config.hidden_size, scale=embedding_scale(base.model))
    card = AdapterCard(
        name="audio-projector",
        kind="projector",
        role="audio",
        base=base.manifest.name,
        base_fingerprint=base.manifest.fingerprint,
        soft_tokens=1,
        input_width=width,
        input_space="3 frames of ear with their letters",
        data="noise",
        licence="CC0-1.0",
        metrics=metrics,
        created_by="killah tests",
    )
    folder = paths.adapters_dir() / base.manifest.name / "audio-projector"
    package.write(folder, card, flat(projector.parameters()), force=True)


@pytest.fixture
def projected(base, recogniser):
    install(base, STACK * (recogniser.encoder.width + len(recogniser.encoder.letters)))
    return Projected(base, Members(base), recogniser)


def sound(seconds):
    return speech_models.noise(round(seconds * RATE))


def test_only_what_is_new_goes_through_the_model(projected):
    samples = sound(9)
    session = projected._session
    for seconds in (3, 4, 5, 6, 7, 8):
        before = session.computed
        projected.draft(samples[: seconds * RATE])
        # The last whole chunk may have had no surroundings, one is new, one is not whole yet.
        assert session.computed - before <= 3 * (CHUNK + MOST + 1) + (session.computed if seconds == 3 else 0)
    kept = projected._read.chunks
    assert len(kept) == int((8 - 0.4) / (CHUNK * STACK * FRAME))


def test_words_of_a_chunk_whose_surroundings_were_heard_stay(projected):
    samples = sound(6)
    projected.draft(samples[: 4 * RATE])
    kept = [list(ids) for _, ids in projected._read.chunks]
    words = projected.draft(samples)
    assert [ids for _, ids in projected._read.chunks[: len(kept)]] == kept
    assert len(projected._read.chunks) > len(kept)
    text = " ".join(word.text for word in words)
    assert text.startswith(projected.text(kept))
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyz' ")
    assert all(0 <= word.start <= word.end <= 6.1 for word in words)


def test_settling_depends_on_the_sound_alone(projected):
    samples = sound(3)
    projected.draft(samples[: 2 * RATE])
    first = projected.settle(samples)
    projected.draft(sound(2)[::-1].copy())
    assert projected.settle(samples) == first
    assert projected.settle(samples[:800]) == []  # too little to hold a word


def test_the_base_charges_a_text_by_its_sound_and_refuses_what_does_not_fit(projected):
    samples = sound(2)
    texts = [("the", "old", "man"), ("qqq", "zzz"), ("x" * 400,)]
    nats = projected.nats(samples, texts)
    assert nats[0] < nats[1] < nats[2] == np.inf
    # As greedily written, step by step through the cache: the same sum.
    again = projected.nats(samples, texts[:1])
    assert again[0] == pytest.approx(nats[0], rel=1e-4)
    assert projected.nats(sound(2) * np.linspace(0, 1, 2 * RATE, dtype=np.float32), texts[:1])[0] != nats[0]


def test_both_ways_vote(base, projected, recogniser):
    choose, samples = by_hearing(projected), sound(2)
    likely, unlikely = Hypothesis(("the", "old", "man"), -30.5, 0.0), Hypothesis(("qqq", "zzz"), -30.0, 0.0)
    assert choose(samples, [unlikely, likely]) is likely
    assert by_reading(base, Members(base))(samples, [unlikely, likely]) is likely
    sure = Hypothesis(("qqq", "zzz"), 500.0, 0.0)
    assert choose(samples, [sure, likely]) is sure
    joint = Judged(recogniser, choose)
    assert joint.draft(samples) == recogniser.draft(samples)
    assert {word.text for word in joint.settle(samples)} <= {
        text for found in recogniser.guesses(samples, 12)[1] for text in found.words
    }


def test_a_projector_of_another_encoder_is_refused(base, recogniser):
    install(base, 78)
    with pytest.raises(KillahError, match="cannot read ear"):
        Projected(base, Members(base), recogniser)


def test_the_best_way_is_the_one_that_measured_best(base, tmp_path, recogniser):
    assert ways.chosen("best", "pushkin-nano", "ear") == "ctc"  # nothing installed
    install(base, 9, word_error_rate_ctc=0.6, word_error_rate_projector=0.9, word_error_rate_joint=0.5)
    assert ways.chosen("best", "pushkin-nano", "ear") == "joint"
    assert ways.chosen("best", "pushkin-nano", "folder/ear") == "joint"
    assert ways.chosen("best", "pushkin-nano", "other-ear") == "ctc"  # the projector reads the frames of ear
    assert ways.chosen("projector", "pushkin-nano", "ear") == "projector"
    install(base, 9)
    assert ways.chosen("best", "pushkin-nano", "ear") == "ctc"  # nothing measured
    assert isinstance(ways.load(str(tmp_path / "ear"), "ctc"), Recogniser)
