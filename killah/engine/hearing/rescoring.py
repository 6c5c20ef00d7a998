"""The base as a judge of what was heard: of a search's hypotheses, the one it finds likeliest too.

Hypotheses are ranked by log P(text | audio) + word model + `WEIGHT` log P(text | base) + `BONUS` words, as in
n-best rescoring (Kannan et al. 2018, section 3.1).
"""

from collections.abc import Sequence

import numpy as np

from killah.audio.recognition.beam import Hypothesis
from killah.engine.costs import Costs, Reading
from killah.gemma.base import Base

WEIGHT = 0.3
BONUS = 0.5  # nats a word, against the base's liking for few


def likeliest(
    found: Sequence[Hypothesis], nats: np.ndarray, weight: float = WEIGHT, bonus: float = BONUS
) -> Hypothesis:
    """Of `found` the first in rank, where a base charges `nats` (hypotheses,) for their texts."""
    totals = [
        hypothesis.total - weight * cost + bonus * len(hypothesis.words)
        for hypothesis, cost in zip(found, nats, strict=True)
    ]
    return found[int(np.argmax(totals))]


class Judge:
    """Use it on the thread that owns the base."""

    def __init__(self, base: Base) -> None:
        self._tokenizer = base.tokenizer
        self._costs = Costs(base.model)

    def best(self, found: Sequence[Hypothesis], weight: float = WEIGHT, bonus: float = BONUS) -> Hypothesis:
        """The likeliest of `found`, of which there is at least one."""
        if len(found) == 1:
            return found[0]
        return likeliest(found, self.nats([hypothesis.words for hypothesis in found]), weight, bonus)

    def nats(self, texts: Sequence[Sequence[str]]) -> np.ndarray:
        """What the base charges for words, written as a sentence, (texts,) float64."""
        readings = []
        for words in texts:
            text = " ".join(words)
            ids = self._tokenizer.encode(text[:1].upper() + text[1:] + ".")
            readings.append(Reading([self._tokenizer.bos, *ids], 1))
        return np.array([float(each.sum()) for each in self._costs.nats(readings)])
