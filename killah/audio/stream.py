"""Words while they are said: an utterance is heard again and again; what two hearings agree on is final.

    stream = UtteranceStream(hear, start=12.5)  # hear(samples) -> words, with times in what it was given
    update = stream.add(samples)                # update.final: never taken back; update.partial: may change
    last = stream.finish()                      # one hearing of all that is still open settles the rest

Local agreement (Liu et al. 2020, Macháček et al. 2023): a word is final when two hearings in a row have the
same words up to it and enough was said after it. Of an utterance at most `LONGEST` seconds are kept, so that
memory and the cost of a hearing are constant however long somebody speaks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from killah.audio import RATE
from killah.audio.ctc import Word

EVERY = 0.5  # seconds of new speech before the next hearing
SETTLED = 0.7  # seconds that must have been heard after a word before it is final
LONGEST = 14.0  # seconds of an utterance that are heard at once
CONTEXT = 3.0  # seconds before the first open word that are kept when the rest is let go

Hear = Callable[[np.ndarray], Sequence[Word]]


@dataclass(frozen=True)
class Update:
    """New final words, and all words that may still change; times in seconds of the whole stream."""

    final: list[Word]
    partial: list[Word]


class UtteranceStream:
    """One utterance as it comes in. `start` is when its first sample was said, in seconds."""

    def __init__(self, hear: Hear, start: float = 0.0) -> None:
        self._hear = hear
        self._start = start
        self._window = np.zeros(0, np.float32)
        self._new = 0  # samples not heard yet
        self._settled = start  # when the last final word ended
        self._before: list[str] = []  # open words of the last hearing

    @property
    def seconds(self) -> float:
        """How much is kept."""
        return len(self._window) / RATE

    def add(self, samples: np.ndarray) -> Update | None:
        """Take (samples,) float32 more; None until there is enough for another hearing."""
        self._window = np.concatenate([self._window, samples])
        self._new += len(samples)
        if self._new < EVERY * RATE:
            return None
        open_words = self._open()
        agreed = self._agreed(open_words)
        final, partial = open_words[:agreed], open_words[agreed:]
        if (
            not final and self.seconds > LONGEST
        ):  # nothing was agreed on for long: the older half is taken as it is
            middle = self._start + self.seconds / 2
            final = [word for word in open_words if word.end < middle]
            partial = open_words[len(final) :]
        self._settle(final)
        self._before = [word.text for word in partial]
        return Update(final, partial)

    def finish(self) -> list[Word]:
        """The words that were still open, final now."""
        words = self._open() if len(self._window) else []
        self._settle(words)
        return words

    def _open(self) -> list[Word]:
        """Hear all that is kept: its words after the last final one."""
        self._new = 0
        found = [
            replace(word, start=word.start + self._start, end=word.end + self._start)
            for word in self._hear(self._window)
        ]
        return [word for word in found if (word.start + word.end) / 2 > self._settled]

    def _agreed(self, words: Sequence[Word]) -> int:
        """How many words are final."""
        latest = self._start + self.seconds - SETTLED
        count = 0
        for word, before in zip(words, self._before, strict=False):
            if word.text != before or word.end > latest:
                break
            count += 1
        return count

    def _settle(self, words: Sequence[Word]) -> None:
        if words:
            self._settled = words[-1].end
        if self.seconds > LONGEST:
            kept_from = max(self._settled - CONTEXT, self._start + self.seconds - LONGEST)
            gone = max(0, round((kept_from - self._start) * RATE))
            self._window = self._window[gone:]
            self._start += gone / RATE
