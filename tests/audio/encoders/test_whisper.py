"""Whisper's encoder hears what transformers' hears, with the same files."""

import numpy as np
import pytest
import torch
import transformers
from audio.speech_models import noise, whisper

from killah.audio.encoder import SpeechEncoder
from killah.errors import KillahError

TOLERANCE = 1e-4
TINY = {"d_model": 32, "encoder_layers": 2, "encoder_attention_heads": 2, "encoder_ffn_dim": 48}
MEDIUM = {"d_model": 1024, "encoder_layers": 1, "encoder_attention_heads": 16, "encoder_ffn_dim": 4096}
SHORT = {"max_source_positions": 200}  # four seconds


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A tiny encoder that hears 4 seconds at a time: itself, and transformers' model."""
    folder = tmp_path_factory.mktemp("whisper")
    model = whisper(folder, **TINY, **SHORT)
    return SpeechEncoder.load(folder), model


def heard(model, samples: np.ndarray, seconds: int = 30, bins: int = 80) -> np.ndarray:
    """What transformers makes of up to `seconds` of samples, with the frames of the silence after them."""
    prepare = transformers.WhisperFeatureExtractor(feature_size=bins, chunk_length=seconds)
    features = prepare(samples, sampling_rate=16_000, return_tensors="pt").input_features
    encoder = model.get_encoder()
    with torch.no_grad():
        return encoder(features).last_hidden_state[0].numpy()


def difference(frames, reference: np.ndarray) -> float:
    assert frames.shape == reference.shape
    return np.abs(np.array(frames) - reference).max()


def test_true_width(tmp_path):
    """Whisper medium with 1 of its 24 layers, and 4 of its 30 seconds."""
    model = whisper(tmp_path, **MEDIUM, **SHORT)
    encoder, samples = SpeechEncoder.load(tmp_path), noise(20_000)
    assert difference(encoder.encode(samples), heard(model, samples, 4)[:62]) < TOLERANCE
    assert (encoder.width, encoder.seconds_per_frame, encoder.letters) == (1024, 0.02, None)


def test_thirty_seconds(tmp_path):
    model = whisper(tmp_path, **TINY)
    frames = SpeechEncoder.load(tmp_path).encode(noise(470_001))
    assert difference(frames, heard(model, noise(470_001))[:1468]) < TOLERANCE


@pytest.mark.parametrize("count", [1, 161, 8000, 16_000, 33_333, 64_000])
def test_lengths(tmp_path, tiny, count):
    """Half a second of frames at least, then 50 a second."""
    encoder, model = tiny
    kept = max(int(count / 16_000 * 50), 25)
    frames = encoder.encode(noise(count))
    assert difference(frames, heard(model, noise(count), seconds=4)[:kept]) < TOLERANCE
    assert encoder.frame_count(count) == kept


def test_longer_speech_is_heard_piece_by_piece(tiny):
    encoder, model = tiny
    samples = noise(64_000 + 24_000)
    pieces = [heard(model, samples[:64_000], 4), heard(model, samples[64_000:], 4)[:75]]
    assert difference(encoder.encode(samples), np.concatenate(pieces)) < TOLERANCE
    assert encoder.frame_count(len(samples)) == 275
    assert encoder.frame_count(128_000) == 400


def test_nothing_is_half_a_second_of_silence(tiny):
    encoder, model = tiny
    frames = encoder.encode(noise(0))
    assert difference(frames, heard(model, np.zeros(64_000, np.float32), 4)[:25]) < TOLERANCE
    assert encoder.frame_count(0) == 25


def test_more_mels_and_the_model_without_a_head(tmp_path):
    """Whisper large-v3 has 128 mels; a WhisperModel has no prefix before its names."""
    model = whisper(tmp_path, "WhisperModel", **TINY, **SHORT, num_mel_bins=128)
    frames = SpeechEncoder.load(tmp_path).encode(noise(10_000))
    assert difference(frames, heard(model, noise(10_000), 4, bins=128)[:31]) < TOLERANCE


def test_limited_context_is_local(tiny):
    """Two frames either side in each of two layers: what is further off changes nothing."""
    encoder, _ = tiny
    samples = noise(64_000)
    changed = samples.copy()
    changed[32_000:32_160] *= 0.5
    one, other = (np.array(encoder.encode(x, context=(2, 2))) for x in (samples, changed))
    differs = np.abs(one - other).max(1) > 1e-6
    assert differs[100]
    assert not differs[:93].any()
    assert not differs[107:].any()


def test_it_does_not_spell(tiny):
    encoder, _ = tiny
    with pytest.raises(KillahError, match="hears, but does not spell"):
        encoder.log_probs(encoder.encode(noise(800)))
