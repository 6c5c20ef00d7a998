"""Which way of being personal to choose: the fewest bits on a part of held-out text, no more than needed.

Single ways come first, then every combination of those that are installed; the weights of n-grams and of the
text so far are found without asking the model again. Of ways that are as good as the best within one standard
error of the paired difference, the least is taken (Breiman et al. 1984, the one-standard-error rule). On the
other text of eight authors it saves as many bits as the plain minimum, 2.7 %, and comes nearer to what is
best there in hindsight.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from killah.engine.personal.measuring import Measured, Reader, Way

PASSAGES = (1, 2, 3)
LORAS = (0.5, 1.0)
NGRAMS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
TEXTS = (0.0, 0.1, 0.2, 0.3)  # weights of the text so far

Ask = Callable[[Sequence[Way]], Measured]


def singles(reader: Reader, *, lora: bool) -> list[Way]:
    """The base, and each way alone."""
    ways = [Way(), *(Way(passages=count) for count in PASSAGES)]
    return ways + [Way(soft=True)] * reader.has_soft + [Way(lora=LORAS[-1])] * lora


def combinations(ways: Iterable[Way]) -> list[Way]:
    """Every combination of what the model must be asked for that ways have between them."""
    ways = list(ways)
    passages, soft, lora = ({getattr(way, part) for way in ways} for part in ("passages", "soft", "lora"))
    return sorted({Way(*each) for each in product(passages, soft, lora)})


def choose(ask: Ask, alone: Sequence[Way]) -> Way:
    """The way to take. `alone` are the single ways; `ask` measures on the part to choose by."""
    measured = ask(alone)
    count = min(PASSAGES, key=lambda k: measured.nats(Way(passages=k)).sum())
    kept = [way for way in alone if way.passages in (0, count)]
    measured = ask(combinations(kept))
    best = _best(measured, _weighed(combinations(kept)))
    if best.lora:
        measured = ask([replace(best.asked, lora=lora) for lora in LORAS])
    return least(measured, _weighed(measured.asked))


def least(measured: Measured, ways: Sequence[Way]) -> Way:
    """Of the ways that are as good as the best within one standard error, the least."""
    lowest = measured.nats(_best(measured, ways))
    return min((way for way in ways if _as_good(measured.nats(way), lowest)), key=_amount)


def _weighed(ways: Iterable[Way]) -> list[Way]:
    """Ways with every weight of n-grams and of the text so far."""
    return [replace(way, ngram=ngram, text=text) for way in ways for ngram, text in product(NGRAMS, TEXTS)]


def _best(measured: Measured, ways: Iterable[Way]) -> Way:
    return min(ways, key=lambda way: measured.nats(way).sum())


def _as_good(nats: np.ndarray, lowest: np.ndarray) -> bool:
    """Whether a way's nats (held,) are above the best's by less than the standard error of that."""
    gap = nats - lowest
    return bool(gap.mean() <= gap.std(ddof=1) / np.sqrt(len(gap)))


def _amount(way: Way) -> tuple[int, int, float, float, float]:
    """What a way costs to use: how many parts, passages to read, weights."""
    parts = sum(map(bool, (way.passages, way.soft, way.lora, way.ngram, way.text)))
    return parts, way.passages, way.lora, way.ngram, way.text
