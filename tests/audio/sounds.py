"""Sounds to hear or not to hear, 16 kHz mono float32: real speech, synthetic speech, noises."""

import functools
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

RATE = 16_000
SPEECH = Path(__file__).parents[2] / ".data" / "speech"


def silence(seconds):
    return np.zeros(round(seconds * RATE), np.float32)


def loud(samples, decibels):
    """At a level (RMS, dBFS)."""
    return (samples / np.sqrt(np.mean(np.square(samples))) * 10 ** (decibels / 20)).astype(np.float32)


@functools.cache
def spoken(text, voice="en"):
    """A synthetic voice saying `text`, without the silence around it."""
    if not shutil.which("espeak-ng"):
        pytest.skip("needs espeak-ng")
    wav = subprocess.run(["espeak-ng", "-v", voice, "--stdout", text], capture_output=True, check=True).stdout
    samples = soxr.resample(np.frombuffer(wav[44:], np.int16).astype(np.float32) / 32768, 22_050, RATE)
    sounding = np.flatnonzero(np.abs(samples) > 0.01)
    return samples[sounding[0] : sounding[-1] + 1]


def clips(count, seed=0):
    """Real speech: `count` clips, (set it is of, samples), the sets in turn."""
    if not (SPEECH / "manifest.jsonl").exists():
        pytest.skip(f"needs real speech in {SPEECH}")
    sets = {}
    with (SPEECH / "manifest.jsonl").open() as lines:
        for row in map(json.loads, lines):
            sets.setdefault(row["dataset"], []).append(row["audio"])
    chance, names = np.random.default_rng(seed), sorted(sets)
    for number in range(count):
        name = names[number % len(names)]
        samples, rate = soundfile.read(SPEECH / chance.choice(sets[name]), dtype="float32")
        assert rate == RATE
        yield name, samples


def coloured(colour, seconds, decibels, seed=0):
    """White, pink or brown noise: its power falls by 0, 3 or 6 dB an octave."""
    count = round(seconds * RATE)
    size = 1 << (count - 1).bit_length()  # other sizes take seconds
    frequency = np.maximum(np.fft.rfftfreq(size, 1 / RATE), 20)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(size))
    slope = {"white": 0, "pink": 0.5, "brown": 1}[colour]
    return loud(np.fft.irfft(spectrum / frequency**slope, size)[:count], decibels)


def keys(seconds, seed=0):
    """Typing: bursts of a few milliseconds, a press and a weaker release, some five keys a second."""
    chance, sound, at = np.random.default_rng(seed), silence(seconds), 0
    while (at := at + round(RATE * (0.05 + chance.exponential(0.15)))) < len(sound) - RATE // 4:
        for delay, strength in ((0, 1.0), (chance.uniform(0.05, 0.12), 0.5)):
            length = round(RATE * chance.uniform(0.005, 0.02))
            ring = np.sin(2 * np.pi * chance.uniform(1500, 5000) * np.arange(length) / RATE)
            burst = (chance.standard_normal(length) + ring) * np.exp(-np.arange(length) * 5 / length)
            place = at + round(delay * RATE)
            sound[place : place + length] += strength * burst
    return sound / np.abs(sound).max() * 0.25 + coloured("pink", seconds, -65)


def notes(seconds, decibels, voices=3, partials=11, seed=0):
    """Music of `voices` at once, each note with `partials` (1: pure tones) and a fading envelope."""
    chance, sound = np.random.default_rng(seed), silence(seconds)
    for _ in range(voices):
        at = 0
        while at < len(sound):
            length = round(RATE * chance.choice([0.125, 0.25, 0.5, 1.0]))
            pitch, time = 440 * 2 ** ((chance.integers(40, 76) - 69) / 12), np.arange(length) / RATE
            tones = sum(np.sin(2 * np.pi * n * pitch * time) / n**1.2 for n in range(1, partials + 1))
            note = (tones * np.minimum(time / 0.01, 1) * np.exp(-time / 0.6)).astype(np.float32)
            sound[at : at + length] += note[: len(sound) - at]
            at += length
    return loud(sound, decibels)
