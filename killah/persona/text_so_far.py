"""What a text has said so far after the same words: a cache (Kuhn and De Mori 1990; Grave et al. 2017).

A name, a place or a phrase that was there will come again, and nothing needs to be learned for it: the text
itself is searched at every token. With m places where the last k tokens stand, c of which w follows, and t
different tokens that do, absolute discounting from one token of context up to ORDER - 1:

    h_k(w) = max(c - D, 0) / m + D t / m h_{k-1}(w),  h_0 = 0

It knows no model, and is mixed into one as habits are (`killah.persona.ngram.mixed`). On passages of 1,100
characters a weight of 0.2 saves pushkin-nano between 0.2 and 1.2 % of its bits, and weights from 0.1 to 0.4
are alike; a longer text has more to go by.
"""

from collections.abc import Iterator, Sequence

import numpy as np

ORDER = 4
DISCOUNT = 0.7


def habit(text: np.ndarray, context: Sequence[int], size: int) -> tuple[np.ndarray, float]:
    """What follows `context` in `text` (length,), (size,) float32, and its sum: 0 where nothing does."""
    share, left = np.zeros(size, np.float32), 1.0
    for following in _following(text, context):
        tokens, counts = np.unique(following, return_counts=True)
        kept = DISCOUNT * len(tokens) / len(following)
        share *= kept
        share[tokens] += (counts - DISCOUNT) / len(following)
        left *= kept
    return share, 1.0 - left


def habits(ids: np.ndarray, start: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each token of `ids` from `start` on what the ids before it say, and their worth; (tokens,) both."""
    share, worth = np.zeros(len(ids) - start), np.zeros(len(ids) - start)
    for at in range(start, len(ids)):
        left = 1.0
        for following in _following(ids[:at], ids[max(0, at - ORDER + 1) : at].tolist()):
            count = int((following == ids[at]).sum())
            kept = DISCOUNT * len(np.unique(following)) / len(following)
            share[at - start] = max(count - DISCOUNT, 0.0) / len(following) + kept * share[at - start]
            left *= kept
        worth[at - start] = 1.0 - left
    return share, worth


def _following(text: np.ndarray, context: Sequence[int]) -> Iterator[np.ndarray]:
    """Tokens of the text that follow the last 1, 2, ... tokens of `context`, as long as there are any."""
    places = np.arange(len(text))
    for back, token in enumerate(reversed(context[-(ORDER - 1) :]), start=1):
        places = places[places >= back]
        places = places[text[places - back] == token]
        if not len(places):
            return
        yield text[places]
