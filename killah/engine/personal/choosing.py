"""Which way of being personal to choose: the fewest bits on a part of held-out text.

The candidates are few and unlike each other: what the model reads of the writer or has on its stack, one
thing at a time, with any weights of n-grams and of the text so far, which cost no question. Several at once
are taken only where they are clearly better, by two standard errors of the paired difference. On the other
text of five authors this saves no less (2.62 % of the bits) than choosing freely among all combinations
(2.59 %), which differ by less than twenty texts can tell; on that of eight the choice is the best of all in
hindsight for six, seven with the halves exchanged.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from killah.engine.personal.measuring import Measured, Reader, Way

PASSAGES = 2
LORAS = (0.5, 1.0)
NGRAMS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
TEXTS = (0.0, 0.1, 0.2, 0.3)  # weights of the text so far
CLEARLY = 2.0  # standard errors

Ask = Callable[[Sequence[Way]], Measured]


def singles(reader: Reader, *, lora: bool) -> list[Way]:
    """The base, and each way alone."""
    soft = [Way(soft=True)] * reader.has_soft
    return [Way(), Way(passages=PASSAGES), *soft, *(Way(lora=weight) for weight in LORAS if lora)]


def combinations(ways: Iterable[Way]) -> list[Way]:
    """Every combination of what the model must be asked for that ways have between them."""
    ways = list(ways)
    passages, soft, lora = ({getattr(way, part) for way in ways} for part in ("passages", "soft", "lora"))
    return sorted({Way(*each) for each in product(passages, soft, lora)})


def choose(ask: Ask, alone: Sequence[Way]) -> Way:
    """The way to take. `alone` are the single ways; `ask` measures on the part to choose by."""
    measured = ask(combinations(alone))
    single, best = (_best(measured, _weighed(ways)) for ways in (alone, combinations(alone)))
    return best if _clearly_less(measured.nats(best), measured.nats(single)) else single


def _weighed(ways: Iterable[Way]) -> list[Way]:
    """Ways with every weight of n-grams and of the text so far, the least first."""
    return [replace(way, ngram=ngram, text=text) for way in ways for ngram, text in product(NGRAMS, TEXTS)]


def _best(measured: Measured, ways: Iterable[Way]) -> Way:
    return min(ways, key=lambda way: measured.nats(way).sum())


def _clearly_less(nats: np.ndarray, others: np.ndarray) -> bool:
    """Whether nats (held,) are below others of the same texts by more than chance makes them."""
    gap = nats - others
    return bool(gap.mean() < -CLEARLY * gap.std(ddof=1) / np.sqrt(len(gap)))
