"""Words while they are said: an utterance is heard again and again; its end or its length makes words final.

    stream = UtteranceStream(draft, settle, start=12.5)
    update = stream.add(samples)    # update.final: never taken back; update.partial: may change
    last = stream.finish()          # one careful hearing of all that is still open

`draft` and `settle` are hearings, samples -> words with times in what they were given; the first is quick and
is asked every half second, the second careful. Of an utterance at most `LONGEST` seconds
are kept: when it gets longer, its older words are settled and only their sound's end is kept as context. So
memory and the cost of a hearing are constant however long somebody speaks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from killah.audio import RATE
from killah.audio.recognition.ctc import Word

EVERY = 0.5  # seconds of new speech before the next hearing
LONGEST = 12.0  # seconds of an utterance that are heard at once
OPEN = 3.0  # seconds at its end whose words stay open when it is longer
CONTEXT = 2.0  # seconds before the first open word that are kept

Hear = Callable[[np.ndarray], Sequence[Word]]


@dataclass(frozen=True)
class Update:
    """New final words, and all words that may still change; times in seconds of the whole stream."""

    final: list[Word]
    partial: list[Word]


class UtteranceStream:
    """One utterance as it comes in. `start` is when its first sample was said, in seconds."""

    def __init__(self, draft: Hear, settle: Hear, start: float = 0.0) -> None:
        self._draft, self._settle = draft, settle
        self._start = start
        self._window = np.zeros(0, np.float32)
        self._new = 0  # samples not heard yet
        self._final_until = start  # when the last final word ended

    @property
    def end(self) -> float:
        """How far the stream has come, in seconds."""
        return self._start + len(self._window) / RATE

    @property
    def seconds(self) -> float:
        """How much of it is kept."""
        return len(self._window) / RATE

    def add(self, samples: np.ndarray) -> Update | None:
        """Take (samples,) float32 more; None until there is enough for another hearing."""
        self._window = np.concatenate([self._window, samples])
        self._new += len(samples)
        if self._new < EVERY * RATE:
            return None
        self._new = 0
        final = self._older() if self.seconds > LONGEST else []
        return Update(final, self._open(self._draft))

    def finish(self) -> list[Word]:
        """The words that were still open, final now."""
        return self._open(self._settle)

    @property
    def window(self) -> np.ndarray:
        """The samples (samples,) that are kept."""
        return self._window

    def _older(self) -> list[Word]:
        """Settle the words that are well behind the end, and let their sound go."""
        latest = self.end - OPEN
        words = [word for word in self._open(self._settle) if word.end <= latest]
        self._final_until = words[-1].end if words else self._final_until
        gone = round((max(self._final_until - CONTEXT, self.end - LONGEST) - self._start) * RATE)
        self._window = self._window[max(0, gone) :]
        self._start += max(0, gone) / RATE
        return words

    def _open(self, hear: Hear) -> list[Word]:
        """The words of a hearing that are not final yet."""
        found = [
            replace(word, start=word.start + self._start, end=word.end + self._start)
            for word in hear(self._window)
        ]
        return [word for word in found if (word.start + word.end) / 2 > self._final_until]
