"""What happens to clean speech on the way to a microphone: speed, room, noise, band, level.

Everything is a function of (samples, random generator). Speed and pitch change together, by resampling.
"""

import numpy as np

from killah.audio import RATE

Samples = np.ndarray  # (samples,) float32
NOISE_DB = 5.0, 35.0  # of speech over noise


def augment(samples: Samples, random: np.random.Generator) -> Samples:
    """One way a recording could have come out, of about the same length."""
    if random.random() < 0.7:
        samples = faster(samples, random.uniform(0.88, 1.14))
    if random.random() < 0.3:
        samples = in_room(samples, random)
    if random.random() < 0.2:
        samples = banded(samples, random.uniform(3200, 6500))
    if random.random() < 0.6:
        samples = noisy(samples, random)
    peak = np.abs(samples).max(initial=1e-4)
    return (samples * (10 ** random.uniform(-1.3, -0.05) / peak)).astype(np.float32)


def faster(samples: Samples, factor: float) -> Samples:
    """Played `factor` times as fast, higher by as much."""
    places = np.arange(0, len(samples) - 1, factor)
    return np.interp(places, np.arange(len(samples)), samples).astype(np.float32)


def in_room(samples: Samples, random: np.random.Generator) -> Samples:
    """With the tail of a room: decaying noise behind the direct sound."""
    seconds = random.uniform(0.1, 0.5)  # until 60 dB down
    times = np.arange(int(seconds * RATE)) / RATE
    tail = random.standard_normal(len(times)) * 10 ** (-3 * times / seconds)
    tail *= random.uniform(0.1, 0.6) / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    size = 1 << (len(samples) + len(tail) - 1).bit_length()
    spectrum = np.fft.rfft(samples, size) * np.fft.rfft(tail, size)
    return np.fft.irfft(spectrum, size)[: len(samples)].astype(np.float32)


def banded(samples: Samples, highest: float) -> Samples:
    """Without what is above `highest` Hz."""
    spectrum = np.fft.rfft(samples)
    spectrum[np.fft.rfftfreq(len(samples), 1 / RATE) > highest] = 0
    return np.fft.irfft(spectrum, len(samples)).astype(np.float32)


def noisy(samples: Samples, random: np.random.Generator) -> Samples:
    """With noise between white and brown."""
    colour = random.uniform(0.0, 1.0)  # exponent of the falling amplitude
    spectrum = np.fft.rfft(random.standard_normal(len(samples)))
    spectrum /= np.maximum(np.fft.rfftfreq(len(samples), 1 / RATE), 50) ** colour
    noise = np.fft.irfft(spectrum, len(samples))
    power = np.sqrt((samples**2).mean() / max((noise**2).mean(), 1e-20))
    return (samples + noise * power * 10 ** (-random.uniform(*NOISE_DB) / 20)).astype(np.float32)
