"""Speech is told from what is not, and how the stream arrives changes nothing."""

import hashlib

import numpy as np
import pytest
from audio.sounds import SPEECH, coloured, silence, spoken

from killah import paths
from killah.audio import RATE
from killah.audio.dictation import activity
from killah.audio.dictation.activity import SECONDS, WINDOW, VoiceActivity
from killah.audio.recordings.files import read
from killah.errors import KillahError


def test_speech_is_probable_and_silence_is_not():
    speech = spoken("The quick brown fox jumps over the lazy dog.")
    found = VoiceActivity().feed(np.concatenate([silence(2), speech, silence(2)]))
    assert len(found) == (len(speech) + 4 * RATE) // WINDOW
    seconds = np.arange(len(found)) * SECONDS
    inside = (seconds > 2.2) & (seconds < 2 + len(speech) / RATE - 0.4)
    assert np.median(found[inside]) > 0.9
    assert found[seconds < 1.9].max() < 0.1
    assert found[seconds > 2 + len(speech) / RATE + 0.3].max() < 0.2


def test_the_result_is_the_same_however_the_stream_is_cut():
    sound = np.concatenate([spoken("One, two, three."), coloured("pink", 1, -40)])
    whole = VoiceActivity().feed(sound)
    stream, chance, pieces, at = VoiceActivity(), np.random.default_rng(0), [], 0
    while at < len(sound):
        size = int(chance.choice([0, 1, 7, 511, 512, 513, 1600, 5000]))
        pieces.append(stream.feed(sound[at : at + size]))
        at += size
    assert np.array_equal(np.concatenate(pieces), whole)


def test_after_a_reset_nothing_is_remembered():
    sound, stream = spoken("Hello."), VoiceActivity()
    first = stream.feed(sound)
    assert not np.array_equal(stream.feed(sound)[:5], first[:5])
    stream.reset()
    assert np.array_equal(stream.feed(sound), first)


def test_probabilities_are_those_of_silero_itself():
    if not (SPEECH / "misc/LJ001-0001.opus").exists():
        pytest.skip(f"needs real speech in {SPEECH}")
    found = VoiceActivity().feed(read(SPEECH / "misc/LJ001-0001.opus"))[:12]
    # silero_vad.utils_vad.OnnxWrapper of silero-vad 6.2.3 on the same clip
    theirs = [0.0167, 0.0617, 0.0875, 0.0649, 0.0890, 0.0946, 0.1084, 0.2408, 0.8218, 0.9924, 0.9998, 0.9998]
    assert found == pytest.approx(theirs, abs=2e-3)


def test_the_model_that_ships_is_the_one_of_its_card():
    folder = paths.shipped("models") / "silero-vad"
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    assert digest in (folder / "README.md").read_text()
    assert "MIT License" in (folder / "LICENSE").read_text()


def test_a_damaged_model_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "silero-vad").mkdir()
    (tmp_path / "silero-vad" / "model.onnx").write_bytes(b"not a model")
    monkeypatch.setattr(paths, "shipped", lambda kind: tmp_path)
    with pytest.raises(KillahError, match="cannot be read"):
        activity._session.__wrapped__()
