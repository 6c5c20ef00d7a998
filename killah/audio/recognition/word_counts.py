"""Counting words and fitting the trigram model of `killah.audio.recognition.word_lm` to texts."""

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from killah.audio.recognition.word_lm import START, UNKNOWN, WordLM
from killah.discounts import discounts
from killah.metrics.spoken import spoken

MOST_WORDS = 2**16 - 2
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*\s+|\n\s*\n")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_BITS = np.uint64(16)


@dataclass
class Grams:
    """N-grams of one order that the model keeps: keys of 16 bits an id, p(last | others), and, as contexts
    of the next order, what they spare. All (n-grams,).
    """

    keys: np.ndarray
    p: np.ndarray
    spare: np.ndarray


def build(texts: Iterable[str], *, words: int = 40_000, least: tuple[int, int] = (2, 2)) -> WordLM:
    """Fit a model of the `words` most frequent words.

    `least` is how often a bigram and a trigram must be there to be kept. 20 million words take about two
    minutes. Raises `ValueError` for more than 65,534 words, for trigrams kept without their bigrams, and
    for texts without words.
    """
    if not 0 < words <= MOST_WORDS or least[1] < least[0]:
        raise ValueError(f"{words} words with {least}: 1 to {MOST_WORDS}, and trigrams no rarer than bigrams")
    names, ids = _read(texts, words)
    if not names:
        raise ValueError("the texts have no words")
    counted = [_count(ids, order) for order in (1, 2, 3)]
    kept: list[Grams] = []
    for order, (keys, counts) in enumerate(counted, start=1):
        adjusted = _continuations(keys, counts, order, counted[order][0]) if order < 3 else counts
        _fit(kept, order, keys, adjusted, counts >= (1, *least)[order - 1], len(names) + 2)
    frequency = np.ones(len(names) + 2)
    frequency[START] = 0.0
    frequency[counted[0][0].astype(np.int64)] = counted[0][1]
    return _packed(names, frequency, kept)


def _read(texts: Iterable[str], most: int) -> tuple[list[str], np.ndarray]:
    """The vocabulary in alphabetical order, and all texts as ids with `START` before each sentence."""
    seen: dict[str, int] = {}
    stream = array("i")
    for text in texts:
        for sentence in _SENTENCE_END.split(text):
            if said := spoken(sentence).split():
                stream.append(-1)
                stream.extend(seen.setdefault(word, len(seen)) for word in said)
    raw = np.frombuffer(stream, dtype=np.int32)
    counts = np.bincount(raw[raw >= 0], minlength=len(seen))
    spelled = np.array([bool(_WORD.fullmatch(word)) for word in seen], dtype=bool)
    order = np.argsort(-counts * spelled, kind="stable")[: min(most, int(spelled.sum()))]
    types = list(seen)
    names = sorted(types[index] for index in order)
    new = np.full(len(seen) + 1, UNKNOWN, dtype=np.uint64)
    new[[seen[name] for name in names]] = np.arange(2, len(names) + 2)
    new[-1] = START  # where -1 points
    return names, new[raw]


def _count(ids: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """All n-grams in order of their keys and how often they stand there; no sentence begins inside one."""
    length = max(len(ids) - order + 1, 0)
    keys = np.zeros(length, dtype=np.uint64)
    whole = np.ones(length, dtype=bool)
    for k in range(order):
        part = ids[k : k + length]
        keys = keys << _BITS | part
        if k or order == 1:
            whole &= part != START
    return np.unique(keys[whole], return_counts=True)


def _continuations(keys: np.ndarray, counts: np.ndarray, order: int, longer: np.ndarray) -> np.ndarray:
    """How many different words stand before each n-gram; where a sentence begins, how often it is there."""
    endings, befores = np.unique(longer & _ones(order), return_counts=True)
    first = keys >> _BITS * np.uint64(order - 1)
    found = counts.copy()
    inside = first != START
    found[inside] = befores[np.searchsorted(endings, keys[inside])]
    return found


def _fit(
    kept: list[Grams], order: int, keys: np.ndarray, counts: np.ndarray, keep: np.ndarray, ids: int
) -> None:
    """Append an order to `kept`, and set what the order below spares for it."""
    starts = np.flatnonzero(np.diff(keys >> _BITS, prepend=_ones(4)))
    contexts = keys[starts] >> _BITS
    totals = np.add.reduceat(counts, starts) if len(keys) else np.empty(0)
    discount = discounts(counts)
    left = np.where(keep, discount, counts)
    spare = np.add.reduceat(left, starts) / totals if len(keys) else np.empty(0)
    group = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(keys)))[keep]
    own = (counts - discount)[keep] / totals[group]
    if order == 1:
        p = np.full(ids, spare[0] / (ids - 1))  # all but <s>
        p[START] = 0.0
        p[keys.astype(np.int64)] += own
        kept.append(Grams(np.arange(ids, dtype=np.uint64), p, np.ones(ids)))
        return
    place, known = _find(kept[-1].keys, contexts)
    kept[-1].spare[place[known]] = spare[known]
    p = own + spare[group] * _probabilities(kept, order - 1, keys[keep] & _ones(order - 1))
    kept.append(Grams(keys[keep], p, np.ones(len(p))))


def _probabilities(kept: list[Grams], order: int, keys: np.ndarray) -> np.ndarray:
    """p(last | others) of n-grams, kept or not, (keys,)."""
    level = kept[order - 1]
    if order == 1:
        return level.p[keys.astype(np.int64)]
    place, known = _find(level.keys, keys)
    p = np.empty(len(keys))
    p[known] = level.p[place[known]]
    rest = keys[~known]
    context, spares = _find(kept[order - 2].keys, rest >> _BITS)
    spare = np.ones(len(rest))
    spare[spares] = kept[order - 2].spare[context[spares]]
    p[~known] = spare * _probabilities(kept, order - 1, rest & _ones(order - 1))
    return p


def _find(sorted_keys: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each key is, and whether it is there at all."""
    place = np.searchsorted(sorted_keys, keys)
    known = place < len(sorted_keys)
    known[known] = sorted_keys[place[known]] == keys[known]
    return place, known


def _ones(order: int) -> np.uint64:
    return np.uint64(2 ** (16 * order) - 1)


def _packed(names: list[str], counts: np.ndarray, kept: list[Grams]) -> WordLM:
    one, two, three = kept
    ids = np.arange(len(names) + 3, dtype=np.uint64)
    first = np.searchsorted(two.keys, three.keys >> _BITS)
    return WordLM(
        letters=np.frombuffer("\n".join(names).encode(), dtype=np.uint8),
        frequency=_log(counts / counts.sum()),
        unigrams=_log(one.p),
        unigram_spare=_log(one.spare),
        first_bigram=np.searchsorted(two.keys >> _BITS, ids).astype(np.uint32),
        seconds=(two.keys & _ones(1)).astype(np.uint16),
        bigrams=_log(two.p),
        bigram_spare=_log(two.spare),
        first_trigram=np.searchsorted(first, np.arange(len(two.keys) + 1)).astype(np.uint32),
        thirds=(three.keys & _ones(1)).astype(np.uint16),
        trigrams=_log(three.p),
    )


def _log(p: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(p, 1e-20)).astype(np.float16)
