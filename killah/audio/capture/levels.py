"""How loud it is now: peak and RMS in decibels below full scale, falling slowly so that an eye can follow."""

from dataclasses import dataclass

import numpy as np

FLOOR = -100.0  # dBFS of digital silence
_FALL = 20.0  # decibels a second


@dataclass(frozen=True)
class Level:
    """Decibels below full scale (0 is the loudest there is, `FLOOR` silence)."""

    peak: float = FLOOR
    rms: float = FLOOR


class Meter:
    """Rises at once, falls by 20 dB a second."""

    def __init__(self) -> None:
        self._level = Level()

    def feed(self, samples: np.ndarray, seconds: float) -> Level:
        """The level after `samples` (samples,), `seconds` after the level before."""
        fallen = Level(self._level.peak - _FALL * seconds, self._level.rms - _FALL * seconds)
        now = level(samples)
        self._level = Level(max(now.peak, fallen.peak, FLOOR), max(now.rms, fallen.rms, FLOOR))
        return self._level


def level(samples: np.ndarray) -> Level:
    """Peak and RMS of `samples` (samples,)."""
    if not len(samples):
        return Level()
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return Level(_decibels(float(np.abs(samples).max())), _decibels(power**0.5))


def _decibels(amplitude: float) -> float:
    return max(FLOOR, 20 * float(np.log10(max(amplitude, 1e-10))))
