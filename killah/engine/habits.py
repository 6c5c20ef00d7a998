"""Habits at the logits: a persona's n-gram model and the text so far, mixed into what the base expects.

`killah.persona.ngram` and `killah.persona.text_so_far` say what is mixed and why. A weight of zero is no
mixing at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import log

import mlx.core as mx
import numpy as np

from killah.engine.prompt import Slot
from killah.gemma.tokenizer import Tokenizer
from killah.persona import text_so_far
from killah.persona.ngram import KneserNey, fit

ORDER = 4  # a longer context is hardly ever met again
MOST = 1_500_000  # tokens; of more text, passages at equal distances


def learn(texts: Sequence[str], tokenizer: Tokenizer) -> KneserNey | None:
    """The n-gram model of a writer's passages, about three seconds a million tokens; None without text."""
    size = sum(map(len, texts)) / 4  # tokens, about
    step = max(1, round(size / MOST))
    pieces = [[tokenizer.bos, *tokenizer.encode(text)] for text in texts[::step]]
    if not any(len(piece) > 1 for piece in pieces):
        return None
    kind = np.uint16 if tokenizer.size <= 2**16 else np.int32
    stream = np.concatenate([np.array(piece, kind) for piece in pieces])
    return fit(stream, vocabulary=tokenizer.size, bos=tokenizer.bos, order=ORDER)


@dataclass(frozen=True)
class Habits:
    """N-gram models with their weights, several where personas are blended, and that of the text so far.

    The weights sum to one at most. `text` (length,) are the ids that the writer has before the caret; what
    the model adds does not count, or it would go on with itself.
    """

    models: tuple[tuple[KneserNey, float], ...] = ()
    text_weight: float = 0.0
    text: np.ndarray | None = None

    def over(self, text: Sequence[int]) -> "Habits":
        """These habits where a text is written."""
        return replace(self, text=np.array(text, np.int64))

    def mix(self, logits: mx.array, before: Sequence[Slot]) -> mx.array:
        """Logits (size,) of what follows the slots `before` -> logarithms of the mixed p, (size,) float32."""
        context = _last_ids(before, ORDER - 1)
        kept, habit = 1.0, np.zeros(logits.shape[0], np.float32)
        for (share, worth), weight in self._said(context):
            if worth:
                kept -= weight * worth**2
                habit[: len(share)] += weight * worth * share
        logits = logits.astype(mx.float32)
        if kept == 1.0:
            return logits
        # In logarithms: what the base thinks impossible must stay apart from what cannot be. Only the few
        # tokens that are a habit gain anything.
        logprobs = logits - mx.logsumexp(logits) + log(kept)
        gaining = np.flatnonzero(habit)
        at = mx.array(gaining)
        logprobs[at] = mx.logaddexp(logprobs[at], mx.array(np.log(habit[gaining])))
        return logprobs

    def _said(self, context: list[int]) -> Iterator[tuple[tuple[np.ndarray, float], float]]:
        """What follows a context by each habit, and the habit's weight."""
        for model, weight in self.models:
            yield model.habit(context), weight
        if self.text is not None and self.text_weight:
            size = 1 + int(max(self.text, default=0))
            yield text_so_far.habit(self.text, context, size), self.text_weight


def _last_ids(slots: Sequence[Slot], count: int) -> list[int]:
    """At most `count` ids at the end of `slots`, back to the last soft token."""
    ids: list[int] = []
    for slot in reversed(slots[-count:]):
        if not isinstance(slot, int):
            break
        ids.append(slot)
    return ids[::-1]
