"""The newest samples of a stream, kept in memory that is taken once.

One thread writes and never waits long; readers keep their own place, counted in samples since the beginning.
"""

import threading

import numpy as np


class Ring:
    """Holds the last `capacity` samples."""

    def __init__(self, capacity: int) -> None:
        self.written = 0  # samples since the beginning
        self._samples = np.zeros(capacity, np.float32)
        self._oldest = 0  # place of the first sample that may still be read
        self._shut = False
        self._changed = threading.Condition()

    def write(self, samples: np.ndarray) -> None:
        """Append `samples` (samples,) over the oldest ones."""
        capacity = len(self._samples)
        with self._changed:
            if self._shut:
                return
            self.written += len(samples)
            newest = samples[-capacity:]
            at = (self.written - len(newest)) % capacity
            first = min(len(newest), capacity - at)
            self._samples[at : at + first] = newest[:first]
            self._samples[: len(newest) - first] = newest[first:]
            self._oldest = max(self._oldest, self.written - capacity)
            self._changed.notify_all()

    def since(self, place: int) -> tuple[np.ndarray, int]:
        """Copies of the samples (samples,) after `place` that are still there, and the place of the first."""
        capacity = len(self._samples)
        with self._changed:
            start = max(place, self._oldest)
            at, count = start % capacity, self.written - start
            first = min(count, capacity - at)
            return np.concatenate([self._samples[at : at + first], self._samples[: count - first]]), start

    def wait(self, place: int, seconds: float) -> None:
        """Return when there are samples after `place`, or when `seconds` are over."""
        with self._changed:
            self._changed.wait_for(lambda: self.written > place, seconds)

    def shut(self) -> None:
        """Forget every sample and take no more."""
        with self._changed:
            self._shut = True
            self._samples[:] = 0
            self._oldest = self.written

    def open(self) -> None:
        """Take samples again."""
        with self._changed:
            self._shut = False
