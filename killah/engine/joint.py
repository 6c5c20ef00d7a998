"""Two ways of hearing together: of the letters' likeliest hypotheses, the one that the base hears too.

Hypotheses of the beam search are ranked by log P(text | letters) + word model + `WEIGHT` log P(text | soft
tokens) + `BONUS` words, as in joint CTC and attention decoding (Watanabe et al. 2017, section 2.3).
"""

from collections.abc import Sequence

import numpy as np

from killah.audio.beam import Hypothesis, Search
from killah.audio.ctc import Word
from killah.audio.recogniser import Recogniser
from killah.engine.projected import Projected

GUESSES = 12  # hypotheses that are heard by the base
WIDE = Search(width=64, memory=100)  # hypotheses that differ anywhere, not only in their last words
WEIGHT = 0.5
BONUS = 0.5  # nats a word, against the base's liking for few


class Joint:
    """Hears as a `Recogniser` does: quickly as the letters alone, for good with the base."""

    def __init__(self, recogniser: Recogniser, projected: Projected) -> None:
        self._recogniser, self._projected = recogniser, projected

    def draft(self, samples: np.ndarray) -> Sequence[Word]:
        """The likeliest letters."""
        return self._recogniser.draft(samples)

    def settle(self, samples: np.ndarray) -> Sequence[Word]:
        """The words that are likeliest for both."""
        log_probs, found = self._recogniser.guesses(samples, GUESSES)
        return self._recogniser.timed(log_probs, self.best(samples, found)) if found else []

    def best(self, samples: np.ndarray, found: Sequence[Hypothesis]) -> Hypothesis:
        """The likeliest of `found`, of which there is at least one."""
        nats = self._projected.nats(samples, [hypothesis.words for hypothesis in found])
        totals = [
            hypothesis.total - WEIGHT * cost + BONUS * len(hypothesis.words)
            for hypothesis, cost in zip(found, nats, strict=True)
        ]
        return found[int(np.argmax(totals))]

    def phrase(self, samples: np.ndarray, phrases: Sequence[str]) -> tuple[str, float] | None:
        """As the recogniser."""
        return self._recogniser.phrase(samples, phrases)

    def expect(self, phrases: Sequence[str]) -> None:
        """As the recogniser."""
        self._recogniser.expect(phrases)
