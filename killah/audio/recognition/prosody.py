"""How something is said, in numbers: pitch, voice, loudness, spectrum and rhythm of an utterance.

The numbers follow the sets of acoustic parameters that research on voice and emotion agreed on (Eyben et al.
2016, GeMAPS). None depends on how loud a recording is: that is the microphone's doing.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from killah.audio import RATE
from killah.errors import KillahError

HOP = RATE // 100  # samples from a frame to the next
FRAME = 4 * HOP  # samples of a frame: three periods of the lowest voice
SIZE = 2048  # of the Fourier transform: a frame and as much silence, at least
LOWEST, HIGHEST = 75.0, 600.0  # Hz of a voice
VOICED = 0.45  # correlation with itself from which a frame is a voice (Boersma 1993)
OCTAVE = 0.03  # of correlation that a candidate an octave higher may lack
FLOOR = 40.0  # dB below the loudest frames: what is quieter is silence
QUIETEST = -80.0  # dB of the loudest frame, below which there is nothing to hear
SYLLABLE = -15.0  # dB below the loudest frames that a peak of loudness may lie
LEAP = 300.0  # semitones a second: what is quicker is an octave mistaken
BANDS, CEPSTRUM = 40, 12  # triangles on the mel scale, and coefficients kept
SHORTEST = 0.2  # seconds


@dataclass(frozen=True)
class Contours:
    """What is measured each 10 ms, (frames,) each, from the first frame with speech to the last."""

    speech: np.ndarray  # whether there is any
    voiced: np.ndarray  # whether it is a voice
    pitch: np.ndarray  # semitones above `LOWEST`, where voiced
    periodicity: np.ndarray  # correlation with itself a period later, below 1
    level: np.ndarray  # dB above the loudest
    power: np.ndarray  # of the spectrum, (frames, SIZE / 2 + 1), that of the loudest frames adding up to 1

    @property
    def timbre(self) -> np.ndarray:
        """Which frames tell the timbre: the voiced ones, or all speech where nothing is voiced."""
        return self.voiced if self.voiced.any() else self.speech

    @property
    def runs(self) -> list[slice]:
        """Where the voice goes on for 30 ms or more."""
        return [run for run in _runs(self.voiced) if run.stop - run.start >= 3]


def prosody(samples: np.ndarray) -> dict[str, float]:
    """What (samples,) in [-1, 1] sound like, by name.

    Raises `KillahError` where there is too little sound to tell.
    """
    found = contours(samples)
    return _pitch_figures(found) | _voice_figures(found) | _level_figures(found) | _spectrum_figures(found)


@cache
def names() -> tuple[str, ...]:
    """The names of what `prosody` tells."""
    return tuple(prosody(np.sin(np.arange(RATE) / 10)))


def contours(samples: np.ndarray) -> Contours:
    """The contours of (samples,). Raises as `prosody` does."""
    samples = np.asarray(samples, np.float32)
    if samples.ndim != 1 or len(samples) < SHORTEST * RATE or not np.isfinite(samples).all():
        raise _too_little()
    frames = np.lib.stride_tricks.sliding_window_view(samples - samples.mean(), FRAME)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(FRAME).astype(np.float32), SIZE)) ** 2
    level = 10 * np.log10(power.sum(axis=1) + 1e-9)
    if level.max() < QUIETEST:
        raise _too_little()
    loudest = np.percentile(level, 95)
    level, power = level - loudest, power / 10 ** (loudest / 10)
    speech = level > -FLOOR
    first, last = np.flatnonzero(speech)[[0, -1]]
    kept = slice(first, last + 1)
    pitch, periodicity = _pitch(power[kept])
    voiced = speech[kept] & (periodicity > VOICED)
    return Contours(speech[kept], voiced, pitch, periodicity, level[kept], power[kept])


def _too_little() -> KillahError:
    return KillahError(
        "There is too little sound to tell how it is said.", f"It takes {SHORTEST} seconds of a voice."
    )


def _pitch(power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pitch in semitones and periodicity of (frames, bins): Boersma 1993, a candidate a frame.

    The correlation of a frame with itself is divided by that of its window.
    """
    shape = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(FRAME), SIZE)) ** 2)[: SIZE // 2]
    correlation = np.fft.irfft(power, axis=1)[:, : SIZE // 2]
    short, long = int(RATE / HIGHEST), int(RATE / LOWEST)
    lags = np.arange(short, long + 1)
    found = correlation[:, lags] / (correlation[:, :1] + 1e-12) / (shape[lags] / shape[0])
    best = np.argmax(found - OCTAVE * np.log2(lags / short), axis=1)
    lag = lags[best] + _beside_peak(found, best)
    return 12 * np.log2(RATE / lag / LOWEST), np.clip(found[np.arange(len(best)), best], 0, 0.999)


def _beside_peak(values: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """How far from its highest column the parabola through it has its top, (rows,) in columns."""
    inner = np.clip(peaks, 1, values.shape[1] - 2)
    left, middle, right = (values[np.arange(len(peaks)), inner + step] for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    top = (peaks == inner) & (bend < 0)
    return np.where(top, 0.5 * (left - right) / np.where(top, bend, 1), 0).clip(-0.5, 0.5)


def _runs(which: np.ndarray) -> list[slice]:
    """Where `which` (frames,) is true, run by run."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], which.astype(np.int8), [0]])))
    return [slice(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _pitch_figures(found: Contours) -> dict[str, float]:
    """Height, range and movement of the voice, in semitones and semitones a second."""
    pieces = [_smooth(found.pitch[run]) for run in found.runs] or [np.zeros(0)]
    whole = np.concatenate(pieces)
    places = np.concatenate([np.arange(run.start, run.stop) for run in found.runs] or [np.zeros(0)])
    steps = np.concatenate([np.diff(piece) for piece in pieces]) * 100
    steps = steps[np.abs(steps) < LEAP]
    return _spread("pitch", whole) | {
        "pitch_range": float(np.subtract(*np.percentile(whole, [95, 5]))) if len(whole) else 0.0,
        "pitch_trend": _trend(places, whole),
        "pitch_speed": _mean(np.abs(steps)),
        "pitch_rise": _mean(steps[steps > 0]),
        "pitch_fall": _mean(steps[steps < 0]),
        "pitch_rising": _mean(steps > 0),
    }


def _smooth(values: np.ndarray) -> np.ndarray:
    """The median of three."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 3), axis=1)


def _voice_figures(found: Contours) -> dict[str, float]:
    """Harmonics over noise in dB, tremor, and the rhythm of voiced and voiceless in seconds."""
    strength = found.periodicity[found.voiced]
    voiced, voiceless = (
        np.array([run.stop - run.start for run in _runs(which)]) / 100
        for which in (found.voiced, ~found.voiced)
    )
    tremors = {
        name: [np.abs(np.diff(contour[run], 2)).mean() for run in found.runs]
        for name, contour in (("jitter", found.pitch), ("shimmer", found.level))
    }
    return (
        _spread("harmonics", 10 * np.log10(strength / (1 - strength) + 1e-6))
        | {name: float(np.median(values)) if values else 0.0 for name, values in tremors.items()}
        | {
            "voiced_share": _mean(found.voiced),
            "silent_share": _mean(~found.speech),
            "voiced_rate": 100 * len(voiced) / len(found.speech),
        }
        | _mean_and_deviation("voiced_length", voiced)
        | _mean_and_deviation("voiceless_length", voiceless)
    )


def _level_figures(found: Contours) -> dict[str, float]:
    """How loudness moves: spread in dB, dB a second, and peaks a second, which are about syllables."""
    window = np.hanning(9)[1:-1]
    smooth = np.convolve(found.level, window / window.sum(), "same")
    middle = smooth[1:-1]
    peaks = (middle > smooth[:-2]) & (middle >= smooth[2:]) & (middle > SYLLABLE)
    steps = np.diff(smooth)[found.speech[1:]] * 100
    return _spread("level", found.level[found.speech]) | {
        "level_speed": _mean(np.abs(steps)),
        "level_rise": _mean(steps[steps > 0]),
        "level_fall": _mean(steps[steps < 0]),
        "level_trend": _trend(np.flatnonzero(found.speech), found.level[found.speech]),
        "syllable_rate": 100 * float(peaks.sum()) / len(found.speech),
    }


def _spectrum_figures(found: Contours) -> dict[str, float]:
    """Timbre: balance and slopes of voiced frames in dB, the cepstrum of all speech and how it moves."""
    power = found.power[found.timbre].astype(np.float64)
    decibels = 10 * np.log10(power / power.sum(axis=1, keepdims=True) + 1e-9)
    hertz = np.fft.rfftfreq(SIZE, 1 / RATE)
    low, high = _between(50, 1000), _between(1000, 5000)
    balance = 10 * np.log10((power[:, high].sum(axis=1) + 1e-9) / (power[:, low].sum(axis=1) + 1e-9))
    drop = decibels[:, _between(-1, 2000)].max(axis=1) - decibels[:, _between(2000, 5000)].max(axis=1)
    figures = _spread("alpha", balance) | _spread("hammarberg", drop)
    for name, start, end in (("low", 50, 500), ("middle", 500, 1500), ("high", 1500, 5000)):
        band = _between(start, end)
        slopes = np.polyfit(hertz[band] / 1000, decibels[:, band].T, 1)[0]
        figures |= _mean_and_deviation(f"slope_{name}", slopes)
    figures |= _spread("centroid", (power * hertz).sum(axis=1) / power.sum(axis=1) / 1000)
    return figures | _cepstrum_figures(found)


def _cepstrum_figures(found: Contours) -> dict[str, float]:
    mel = np.log(found.power @ _triangles().T + 1e-9)
    cepstrum = (mel - mel.mean()) @ _cosines().T
    moved = np.abs(np.diff(cepstrum, axis=0))[found.speech[1:]]
    figures: dict[str, float] = {}
    for number in range(CEPSTRUM):
        name = f"cepstrum{number + 1}"
        figures |= _mean_and_deviation(name, cepstrum[found.speech, number])
        figures |= _mean_and_deviation(f"voiced_{name}", cepstrum[found.timbre, number])
        figures[f"{name}_speed"] = _mean(moved[:, number])
    return figures


def _mean(values: np.ndarray) -> float:
    """The mean, 0 of nothing."""
    return float(values.mean()) if len(values) else 0.0


def _mean_and_deviation(name: str, values: np.ndarray) -> dict[str, float]:
    return {f"{name}_mean": _mean(values), f"{name}_sd": float(values.std()) if len(values) else 0.0}


def _spread(name: str, values: np.ndarray) -> dict[str, float]:
    """Mean, deviation, and between which values most lie."""
    percentiles = np.percentile(values, [10, 50, 90]) if len(values) else np.zeros(3)
    keys = (f"{name}_p10", f"{name}_p50", f"{name}_p90")
    return _mean_and_deviation(name, values) | dict(zip(keys, percentiles.tolist(), strict=True))


def _trend(frames: np.ndarray, values: np.ndarray) -> float:
    """Slope a second of values at `frames`, both (n,); 0 of too few."""
    return float(np.polyfit(frames / 100, values, 1)[0]) if len(values) > 5 else 0.0


def _between(low: float, high: float) -> np.ndarray:
    """Bins of the spectrum above `low` Hz and up to `high`."""
    hertz = np.fft.rfftfreq(SIZE, 1 / RATE)
    return (hertz > low) & (hertz <= high)


@cache
def _triangles() -> np.ndarray:
    """(BANDS, SIZE / 2 + 1): triangles as wide as the ear's bands, 50 to 7,600 Hz (O'Shaughnessy's mel)."""

    def mel(hertz: np.ndarray) -> np.ndarray:
        return 2595 * np.log10(1 + hertz / 700)

    low, high = mel(np.array([50.0, 7600.0]))
    place = mel(np.fft.rfftfreq(SIZE, 1 / RATE))
    step = (high - low) / (BANDS + 1)
    centres = low + step * np.arange(1, BANDS + 1)
    return np.maximum(0, 1 - np.abs(place - centres[:, None]) / step)


@cache
def _cosines() -> np.ndarray:
    """(CEPSTRUM, BANDS): the cosine transform that makes a cepstrum of a logarithmic spectrum."""
    number = np.arange(1, CEPSTRUM + 1)[:, None]
    return np.cos(np.pi * number * (np.arange(BANDS) + 0.5) / BANDS) * np.sqrt(2 / BANDS)
