"""Two judges of what was said: of the hypotheses that letters leave, the one that a base finds likeliest too.

The base may read the hypotheses alone (`rescoring`), or hear them behind its audio projector: then log P(text
| soft tokens) takes the place of log P(text) in the same rank, as in joint CTC and attention decoding
(Watanabe et al. 2017, section 2.3).
"""

from collections.abc import Callable, Sequence

import numpy as np

from killah.audio.dictation.language import language_of
from killah.audio.recognition.beam import Hypothesis, Search
from killah.audio.recognition.ctc import Word
from killah.audio.recognition.recogniser import Recogniser
from killah.engine.hearing.projected import Projected
from killah.engine.hearing.rescoring import Judge, likeliest
from killah.engine.members import Members
from killah.gemma.base import Base
from killah.gemma.stack import NOTHING

GUESSES = 12  # hypotheses that are judged
WIDE = Search(width=128, memory=4)  # hypotheses that differ further back, too

Choose = Callable[[np.ndarray, Sequence[Hypothesis]], Hypothesis]


class Judged:
    """Hears as a `Recogniser` does: quickly by the letters alone, for good as `choose` says.

    `choose` is asked about English, which bases write.
    """

    def __init__(self, recogniser: Recogniser, choose: Choose) -> None:
        self._recogniser, self._choose = recogniser, choose

    def draft(self, samples: np.ndarray) -> Sequence[Word]:
        """The likeliest letters."""
        return self._recogniser.draft(samples)

    def settle(self, samples: np.ndarray) -> Sequence[Word]:
        """The words that are likeliest for both."""
        log_probs, found = self._recogniser.guesses(samples, GUESSES)
        if not found:
            return []
        english = language_of(" ".join(found[0].words)) == "en"
        return self._recogniser.timed(log_probs, self._choose(samples, found) if english else found[0])

    def phrase(self, samples: np.ndarray, phrases: Sequence[str]) -> tuple[str, float] | None:
        """As the recogniser."""
        return self._recogniser.phrase(samples, phrases)

    def expect(self, phrases: Sequence[str]) -> None:
        """As the recogniser."""
        self._recogniser.expect(phrases)


def by_reading(base: Base, members: Members) -> Choose:
    """What the base finds likeliest as text."""
    judge = Judge(base)

    def choose(_: np.ndarray, found: Sequence[Hypothesis]) -> Hypothesis:
        members.stack.use(NOTHING)
        return judge.best(found)

    return choose


def by_hearing(projected: Projected) -> Choose:
    """What the base finds likeliest behind the soft tokens of the sound."""

    def choose(samples: np.ndarray, found: Sequence[Hypothesis]) -> Hypothesis:
        return likeliest(found, projected.nats(samples, [hypothesis.words for hypothesis in found]))

    return choose
