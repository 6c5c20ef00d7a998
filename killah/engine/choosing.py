"""Which way of being personal to choose: the fewest bits on a part of held-out text.

Single ways come first, then every combination of those that are installed; the weights of n-grams and of the
text so far are found without asking the model again. The plain minimum is taken: on eight authors it leaves
0.0X % fewer bits than the least of those within one standard error of it (Breiman et al. 1984) would.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import product

from killah.engine.checking import Measured, Reader, Way

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
    best = least(measured, combinations(kept))
    if best.lora:
        measured = ask([replace(best.asked, lora=lora) for lora in LORAS])
    return least(measured, measured.asked)


def least(measured: Measured, ways: Iterable[Way]) -> Way:
    """Of ways with any weight of n-grams and text so far, the one with the fewest bits."""
    every = [replace(way, ngram=ngram, text=text) for way in ways for ngram, text in product(NGRAMS, TEXTS)]
    return min(every, key=lambda way: measured.nats(way).sum())
