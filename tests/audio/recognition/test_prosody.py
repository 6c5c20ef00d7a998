"""Prosody: sounds made with a known pitch, glide, rhythm and timbre are measured as they were made."""

import numpy as np
import pytest
from audio.sounds import coloured, silence, spoken

from killah.audio import RATE
from killah.audio.recognition.prosody import LOWEST, contours, prosody
from killah.errors import KillahError


def voice(hertz, seconds=1.0, harmonics=12, fall=1.0):
    """A voice at (samples,) or constant Hz, its harmonics falling by a power of their number."""
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(hertz, round(seconds * RATE))) / RATE
    tones = [np.sin(n * phase) / n**fall for n in range(1, harmonics + 1)]
    return (0.1 * np.sum(tones, axis=0)).astype(np.float32)


def semitones(hertz):
    return 12 * np.log2(hertz / LOWEST)


@pytest.mark.parametrize("hertz", [90, 123.4, 200, 333, 480])
def test_a_voices_pitch_is_measured_within_a_tenth_of_a_semitone(hertz):
    found = prosody(voice(hertz))
    assert found["pitch_p50"] == pytest.approx(semitones(hertz), abs=0.1)
    assert found["pitch_range"] < 0.1
    assert found["voiced_share"] == 1.0
    assert found["harmonics_p50"] > 15


def test_a_question_rises_and_a_statement_falls():
    octave = 150 * 2 ** np.linspace(0, 1, 2 * RATE)
    up, down = prosody(voice(octave, 2.0)), prosody(voice(octave[::-1], 2.0))
    assert up["pitch_trend"] == pytest.approx(6, abs=0.3)  # twelve semitones in two seconds
    assert down["pitch_trend"] == pytest.approx(-6, abs=0.3)
    assert up["pitch_rising"] > 0.95 and down["pitch_rising"] < 0.05
    assert up["pitch_speed"] == pytest.approx(6, abs=0.5)


def test_the_microphones_gain_changes_nothing():
    samples = spoken("The old man went down to the sea, and did not look back.")
    loud, quiet = prosody(samples * 0.9), prosody(samples * 0.03)
    assert quiet == {name: pytest.approx(value, rel=0.01, abs=0.01) for name, value in loud.items()}


def test_syllables_are_counted():
    beats = np.abs(np.sin(np.pi * 4 * np.arange(3 * RATE) / RATE)).astype(np.float32)  # four a second
    assert prosody(voice(150, 3.0) * beats)["syllable_rate"] == pytest.approx(4, abs=0.5)


def test_pauses_and_what_is_not_voiced_are_told_apart():
    tone = voice(200, 0.5)
    found = prosody(np.concatenate([tone, silence(0.5), tone]))
    assert found["silent_share"] == pytest.approx(1 / 3, abs=0.04)
    assert found["voiced_length_mean"] == pytest.approx(0.5, abs=0.05)
    assert prosody(coloured("white", 1, -20))["voiced_share"] < 0.05


def test_a_pressed_voice_is_brighter_than_a_soft_one():
    pressed, soft = prosody(voice(150, fall=0.5, harmonics=30)), prosody(voice(150, fall=2.0, harmonics=30))
    assert pressed["alpha_mean"] > soft["alpha_mean"] + 10
    assert pressed["hammarberg_mean"] < soft["hammarberg_mean"] - 10
    assert pressed["centroid_mean"] > soft["centroid_mean"]


def test_a_womans_voice_is_higher_than_a_mans():
    text = "This is how it sounded to everybody who was there."
    assert prosody(spoken(text, "en+f3"))["pitch_p50"] > prosody(spoken(text, "en+m3"))["pitch_p50"] + 2


def test_frames_are_those_from_the_first_sound_to_the_last():
    found = contours(np.concatenate([silence(1), voice(200, 0.5), silence(1)]))
    assert len(found.speech) == pytest.approx(50, abs=5)
    assert len(found.speech) == len(found.pitch) == len(found.level) == len(found.power)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0),
        np.zeros(2 * RATE),
        np.ones(2 * RATE),
        voice(200, 0.1),
        np.full(RATE, np.nan),
        np.zeros((2, RATE)),
        voice(200) * 1e-7,
    ],
)
def test_too_little_sound_is_one_sentence(samples):
    with pytest.raises(KillahError, match="too little sound"):
        prosody(samples)
