"""A small trigram model of words, for what the letters of a speech model leave open.

A speech model with little training hears letters well and words badly; 40,000 words and what follows what in
them settle most of that, in a few megabytes and microseconds. Words are as `killah.metrics.spoken` writes
them.

Interpolated modified Kneser-Ney (Chen and Goodman 1999). Rare bigrams and trigrams are left out, and what
they were worth goes to the shorter context, so that probabilities still sum to one (Siivola et al. 2007,
section II):

    p(w | h) = max(c(hw) - D, 0) / c(h*) + spare(h) p(w | h without its first word)

A word outside the vocabulary has the probability of `<unk>` times that of its spelling.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from math import inf
from pathlib import Path
from typing import NamedTuple

import numpy as np

from killah.errors import KillahError

START, UNKNOWN = 0, 1  # ids before those of words
SPELLING = 2.3  # nats a letter of an unknown word costs


@dataclass(frozen=True)
class WordLM:
    """A fitted model. All logarithms are natural; ids are `START`, `UNKNOWN`, then `words` from 2 on.

    letters       (bytes,) uint8: the words in alphabetical order, by line, UTF-8
    frequency     (ids,) float16: log share of each id among all words of the text
    unigrams      (ids,) float16: log p(word)
    unigram_spare (ids,) float16: log spare(word)
    first_bigram  (ids + 1,) uint32: where the bigrams that begin with an id are in the next three
    seconds       (bigrams,) uint16: their second word, in order
    bigrams       (bigrams,) float16: log p(second | first)
    bigram_spare  (bigrams,) float16: log spare(first second)
    first_trigram (bigrams + 1,) uint32: where the trigrams that begin with a bigram are
    thirds        (trigrams,) uint16
    trigrams      (trigrams,) float16: log p(third | first second)
    """

    letters: np.ndarray
    frequency: np.ndarray
    unigrams: np.ndarray
    unigram_spare: np.ndarray
    first_bigram: np.ndarray
    seconds: np.ndarray
    bigrams: np.ndarray
    bigram_spare: np.ndarray
    first_trigram: np.ndarray
    thirds: np.ndarray
    trigrams: np.ndarray

    @cached_property
    def words(self) -> list[str]:
        """The vocabulary in alphabetical order."""
        return self.letters.tobytes().decode("utf-8").split("\n")

    def score(self, history: Sequence[str], word: str) -> float:
        """Log p(word | the last two words of `history`); a history of fewer words began a sentence."""
        known = self._id(word)
        context = [START, *map(self._id, history[-2:])][-2:]
        spelled = SPELLING * (len(word) + 1) if known == UNKNOWN else 0.0
        return self._log_p(context, known) - spelled

    def scores(self, pairs: Iterable[tuple[Sequence[str], str]]) -> list[float]:
        """`score` of each (history, word)."""
        return [self.score(history, word) for history, word in pairs]

    def ahead(self, beginning: str) -> float:
        """The best a word that begins so can get from its frequency alone: for pruning inside words."""
        if (best := self._ahead.get(beginning)) is None:
            low = bisect_left(self.words, beginning)
            high = bisect_left(self.words, beginning + "\U0010ffff", low)
            spelled = float(self.frequency[UNKNOWN]) - SPELLING * (len(beginning) + 1)
            best = max(spelled, float(self.frequency[low + 2 : high + 2].max(initial=-inf)))
            self._ahead[beginning] = best
        return best

    def save(self, path: Path) -> None:
        """Write one compressed `.npz`."""
        np.savez_compressed(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "WordLM":
        """Read what `save` wrote. Raises `KillahError` for anything else."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return cls(**{field.name: arrays[field.name] for field in fields(cls)})
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise KillahError(f"{path} is no word model.", "Build it again.") from error

    @cached_property
    def _ahead(self) -> dict[str, float]:
        return {}

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: index for index, word in enumerate(self.words, start=2)}

    def _id(self, word: str) -> int:
        return self._ids.get(word, UNKNOWN)

    def _log_p(self, context: list[int], word: int) -> float:
        """Log p(word | one or two ids)."""
        last = context[-1]
        spare = 0.0
        if len(context) == 2 and (bigram := self._bigram(context[0], last)) is not None:
            starts = self._views.first_trigram
            trigram = _place(self._views.thirds, word, starts[bigram], starts[bigram + 1])
            if trigram is not None:
                return self.trigrams.item(trigram)
            spare = self.bigram_spare.item(bigram)
        if (bigram := self._bigram(last, word)) is not None:
            return spare + self.bigrams.item(bigram)
        return spare + self.unigram_spare.item(last) + self.unigrams.item(word)

    def _bigram(self, first: int, second: int) -> int | None:
        starts = self._views.first_bigram
        return _place(self._views.seconds, second, starts[first], starts[first + 1])

    @cached_property
    def _views(self) -> "_Views":
        return _Views(*(memoryview(getattr(self, name)) for name in _Views._fields))


class _Views(NamedTuple):
    """Arrays that single ids are looked up in: a search in numpy's own would convert all of it first."""

    first_bigram: memoryview
    seconds: memoryview
    first_trigram: memoryview
    thirds: memoryview


def _place(ids: memoryview, wanted: int, low: int, high: int) -> int | None:
    place = bisect_left(ids, wanted, low, high)
    return place if place < high and ids[place] == wanted else None
