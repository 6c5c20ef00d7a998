"""A stream of samples cut into utterances: where speech starts, its audio, where it ends.

Everything happens a window of 32 ms at a time, so the events are the same however the stream is cut.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from killah.audio import RATE
from killah.audio.dictation.activity import SECONDS, WINDOW, VoiceActivity

_MOST = 0.7  # of the windows


@dataclass(frozen=True)
class Start:
    """Speech has begun. `at`: its first window; `audio_from`: the first sample that follows (seconds).

    What follows begins a little earlier, maybe with the pause that ended the utterance before.
    """

    at: float
    audio_from: float


@dataclass(frozen=True, eq=False)
class Audio:
    """The next samples (samples,) of the utterance; nothing is left out between a start and its end."""

    samples: np.ndarray


@dataclass(frozen=True)
class End:
    """The utterance is over. `at`: where its last window of speech ends (seconds).

    `speech` is how much of it was speech (seconds, every window weighed by its probability); `cut` says that
    it was ended for its length and that the speaker may go on.
    """

    at: float
    speech: float
    cut: bool = False


@dataclass(frozen=True)
class Rules:
    """What makes an utterance; probabilities are of a window, times in seconds.

    A window is speech from `start` on, or from `stop` on once speech goes on. `least` is how much sure speech
    there must be before anything is said to be speech: clicks stay below. Where most of it is like itself
    32 ms before by more than `steady` (cosine of spectra), it is a note until it changes. An utterance ends
    after `hang_over` without speech; from half of `longest` on ever shorter pauses will do, and then none.
    """

    start: float = 0.5
    stop: float = 0.35
    least: float = 0.2
    steady: float = 0.97
    hang_over: float = 0.6
    pre_roll: float = 0.5
    longest: float = 30.0


class Utterances:
    """Samples in, events out."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self._activity = VoiceActivity()
        self.reset()

    def reset(self) -> None:
        """Begin again at second 0, in silence."""
        self._activity.reset()
        self._waiting = np.zeros(0, np.float32)  # samples of a window that is not complete
        self._windows = 0  # windows seen
        self._speaking = False
        self._kept: deque[np.ndarray] = deque()  # windows before the first or after the last of speech
        self._rest()

    def feed(self, samples: np.ndarray) -> list[Start | Audio | End]:
        """The events that `samples` (samples,) bring about."""
        waiting = np.concatenate([self._waiting, samples.astype(np.float32, copy=False)])
        probabilities = self._activity.feed(samples)
        events = []
        for index, probability in enumerate(probabilities):
            window = waiting[index * WINDOW : (index + 1) * WINDOW].copy()
            events += self._window(window, float(probability))
        self._waiting = waiting[len(probabilities) * WINDOW :]
        return events

    def finish(self) -> list[Start | Audio | End]:
        """The events that the end of the stream brings about; what follows is a new stream."""
        missing = -len(self._waiting) % WINDOW
        events = self.feed(np.zeros(missing, np.float32))
        if self._speaking:
            events.append(self._end(cut=False))
        self.reset()
        return events

    def _rest(self) -> None:
        """What is known where nobody speaks."""
        self._candidate = 0  # windows since the first that may be speech
        self._quiet = 0  # windows since the last that is speech
        self._speech = 0.0  # seconds of sure speech
        self._alike: list[float] = []  # how much each window of the candidate is like the one before

    def _window(self, window: np.ndarray, probability: float) -> list[Start | Audio | End]:
        self._windows += 1
        going_on = self._speaking or self._candidate > 0
        spoken = probability >= (self.rules.stop if going_on else self.rules.start)
        self._quiet = 0 if spoken else self._quiet + 1
        self._speech += probability * SECONDS if spoken else 0.0
        return self._within(window) if self._speaking else self._before(window, spoken)

    def _before(self, window: np.ndarray, spoken: bool) -> list[Start | Audio | End]:
        self._kept.append(window)
        if spoken or self._candidate:
            self._candidate += 1
        if spoken and len(self._kept) > 1:
            self._alike.append(likeness(self._kept[-2], window))
        if self._quiet >= _windows(self.rules.least):
            self._candidate, self._speech, self._alike = 0, 0.0, []
        while len(self._kept) > _windows(self.rules.pre_roll) + self._candidate:
            self._kept.popleft()
        if self._speech < self.rules.least or self._steady():
            return []
        start = Start(
            at=(self._windows - self._candidate) * SECONDS,
            audio_from=(self._windows - len(self._kept)) * SECONDS,
        )
        audio = Audio(np.concatenate(self._kept))
        self._speaking, self._length = True, len(self._kept)
        self._kept.clear()
        return [start, audio]

    def _steady(self) -> bool:
        return bool(self._alike and np.quantile(self._alike, _MOST) > self.rules.steady)

    def _within(self, window: np.ndarray) -> list[Start | Audio | End]:
        self._length += 1
        if self._quiet:
            self._kept.append(window)
        else:
            self._kept.clear()
        done = self._length * SECONDS / self.rules.longest
        pause = self.rules.hang_over * min(1.0, 2 * (1 - done))
        if self._quiet * SECONDS < pause:
            return [Audio(window)]
        return [Audio(window), self._end(cut=pause < self.rules.hang_over)]

    def _end(self, *, cut: bool) -> End:
        end = End((self._windows - self._quiet) * SECONDS, self._speech, cut)
        self._speaking = False
        self._rest()
        return end


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Cosine of the magnitude spectra of two windows (samples,): 1 for a steady tone, about 0.8 in speech."""
    taper = np.hanning(len(one))
    first, second = np.abs(np.fft.rfft(one * taper)), np.abs(np.fft.rfft(other * taper))
    return float(first @ second / max(np.linalg.norm(first) * np.linalg.norm(second), 1e-12))


def _windows(seconds: float) -> int:
    return round(seconds * RATE / WINDOW)
