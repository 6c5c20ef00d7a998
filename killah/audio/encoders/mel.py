"""Log-mel spectra as Whisper was trained on (Radford et al. 2022, arXiv 2212.04356; mels of Slaney 1998)."""

from functools import cache

import mlx.core as mx
import numpy as np

from killah.audio import RATE

WINDOW = 400  # samples of a spectrum, 25 ms
HOP = 160  # samples from one to the next, 10 ms
FLOOR = 1e-10  # power below which the logarithm sees nothing
RANGE = 8.0  # powers of ten below the loudest that are kept


def log_mel(samples: mx.array, bins: int) -> mx.array:
    """Samples (samples,), a multiple of `HOP` -> (samples / HOP, bins), about -1 to 1, float32.

    Spectrum i is centred on sample i * `HOP`; the ends are mirrored.
    """
    half = WINDOW // 2
    padded = mx.concatenate([samples[half:0:-1], samples, samples[-2 : -half - 2 : -1]])
    count = samples.size // HOP
    frames = mx.as_strided(padded, (count, WINDOW), (HOP, 1)) * _hann()
    spectrum = mx.fft.rfft(frames)
    power = mx.square(mx.real(spectrum)) + mx.square(mx.imag(spectrum))
    mels = mx.log10(mx.maximum(power @ _filters(bins), FLOOR))
    return (mx.maximum(mels, mels.max() - RANGE) + 4) / 4


@cache
def _hann() -> mx.array:
    return mx.array(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW), mx.float32)


@cache
def _filters(bins: int) -> mx.array:
    """(frequencies, bins): triangles between neighbours on the mel scale, each of area one."""
    frequencies = np.linspace(0, RATE / 2, WINDOW // 2 + 1)
    edges = _hertz(np.linspace(0, _mel(RATE / 2), bins + 2))
    slopes = edges[None] - frequencies[:, None]
    widths = np.diff(edges)
    rising, falling = -slopes[:, :-2] / widths[:-1], slopes[:, 2:] / widths[1:]
    triangles = np.maximum(0, np.minimum(rising, falling)) * 2 / (edges[2:] - edges[:-2])
    return mx.array(triangles, mx.float32)


# Slaney's scale: linear to 1 kHz (15 mel), logarithmic above (27 mel a factor of 6.4).
def _mel(hertz: float) -> float:
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * float(np.log(hertz / 1000) / np.log(6.4))


def _hertz(mel: np.ndarray) -> np.ndarray:
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))
