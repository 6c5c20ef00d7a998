"""CTC prefix beam search: the likeliest words, with a word model and hot words where there are any.

Graves 2012, section 3.2, as in Hannun et al. 2014, algorithm 1: a hypothesis is a text, not a path, and holds
the probability of all paths that spell it. What hypotheses are ranked by is

    log P(text | audio) + weight * log P(words) + word_bonus * words + hot words

where the word model looks ahead inside a word and scores it when it ends, in one batch a frame and only for
hypotheses that survive. Probabilities are kept as such, scaled by the best of each frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest
from math import exp, inf, log
from operator import attrgetter

import numpy as np

from killah.audio.recognition.ctc import Letters
from killah.audio.recognition.hot_words import HotWords
from killah.audio.recognition.prefixes import Language, Prefix, Texts


@dataclass(frozen=True)
class Search:
    """How widely to search, and what counts how much, in nats; the usual suits ear-nano and its word model.

    width       hypotheses kept after each frame
    memory      words back to which they must differ: nothing that is heard later can tell others apart; for a
                model of longer contexts to rank them in the end, more
    margin      how far behind the best a hypothesis may be
    floor       log probability below which a letter is not tried in a frame
    weight      of the word model
    word_bonus  for each word, against the word model's liking for few
    """

    width: int = 64
    memory: int = 2
    margin: float = 16.0
    floor: float = -7.0
    weight: float = 1.0
    word_bonus: float = 1.5


@dataclass(frozen=True)
class Hypothesis:
    """What may have been said. `acoustic` is log P(text | audio), `language` all else it is ranked by."""

    words: tuple[str, ...]
    acoustic: float
    language: float

    @property
    def total(self) -> float:
        """What hypotheses are ranked by."""
        return self.acoustic + self.language


class BeamSearch:
    """A search that keeps its place between pieces of a stream.

    `letters` is the CTC vocabulary by id; `before` the words that precede, for the word model.
    """

    def __init__(
        self,
        letters: Sequence[str],
        search: Search | None = None,
        *,
        language: Language | None = None,
        hot_words: HotWords | None = None,
        before: Sequence[str] = (),
    ) -> None:
        self._letters = Letters.of(letters)
        self._search = search or Search()
        self._texts = Texts(
            self._letters,
            language,
            hot_words,
            weight=self._search.weight,
            word_bonus=self._search.word_bonus,
            before=before,
        )
        root = self._texts.root()
        root.blank = 1.0
        self._beam = [root]
        self._log_scale = 0.0
        self._frame = 0

    def feed(self, log_probs: np.ndarray) -> None:
        """Hear the next frames, log_probs (frames, letters)."""
        self._letters.check(log_probs)
        written = np.array([bool(symbol) for symbol in self._letters.symbols])
        tried = (log_probs > self._search.floor) & written
        for probs, chosen in zip(np.exp(log_probs, dtype=np.float64), tried, strict=True):
            letters = {int(column): probs.item(column) for column in np.flatnonzero(chosen)}
            self._hear(probs.item(self._letters.blank), letters)

    def best(self, count: int = 1) -> list[Hypothesis]:
        """Up to `count` hypotheses, best first; the last word of each may be unfinished."""
        return self._ranked([(prefix, prefix) for prefix in self._beam], count)

    def finish(self, count: int = 1) -> list[Hypothesis]:
        """As `best`, where the last word of each has ended and is scored."""
        delimiter = self._letters.delimiter
        ended = [
            prefix.children.get(delimiter) or self._texts.child(prefix, delimiter) if prefix.word else prefix
            for prefix in self._beam
        ]
        self._texts.settle(ended)
        return self._ranked(list(zip(ended, self._beam, strict=True)), count)

    def _hear(self, blank: float, letters: dict[int, float]) -> None:
        """One frame: the probabilities of the blank and of the letters that are tried, by column."""
        self._frame += 1
        touched: list[Prefix] = []
        for prefix in self._beam:
            self._stay(self._touch(prefix, touched), blank, letters)
        least = self._least()
        for prefix in self._beam:
            self._grow(prefix, letters, least, touched)
        self._prune(touched)

    def _stay(self, prefix: Prefix, blank: float, letters: dict[int, float]) -> None:
        """Paths that write nothing more: a blank, the last letter again, a delimiter after another."""
        total = prefix.blank + prefix.letter
        again = prefix.letter if prefix.word else total
        prefix.new_blank += total * blank
        prefix.new_letter += again * letters.get(prefix.column, 0.0)

    def _least(self) -> float:
        """A rank that new texts must come near to: below it none can be among the best of this frame."""
        ranks = [_rank(prefix.new_blank + prefix.new_letter, prefix) for prefix in self._beam]
        worst = min(ranks) if len(ranks) == self._search.width else -inf
        return max(worst, max(ranks) - self._search.margin) - self._texts.most

    def _grow(self, prefix: Prefix, letters: dict[int, float], least: float, touched: list[Prefix]) -> None:
        """Paths that write one letter more."""
        total = prefix.blank + prefix.letter
        enough = exp(min(least - prefix.language, 700.0))
        for column, p in letters.items():
            if column == prefix.column and not prefix.word:
                continue
            gain = p * (prefix.blank if column == prefix.column else total)
            child = prefix.children.get(column)
            if child is None:
                if gain <= enough:
                    continue
                child = self._texts.child(prefix, column)
            self._touch(child, touched).new_letter += gain

    def _touch(self, prefix: Prefix, touched: list[Prefix]) -> Prefix:
        if prefix.frame != self._frame:
            prefix.frame = self._frame
            prefix.new_blank = prefix.new_letter = 0.0
            touched.append(prefix)
        return prefix

    def _prune(self, prefixes: list[Prefix]) -> None:
        """Keep the best, and scale their probabilities so that the largest is one."""
        for prefix in prefixes:
            prefix.blank, prefix.letter = prefix.new_blank, prefix.new_letter
            prefix.rank = _rank(prefix.blank + prefix.letter, prefix)
        prefixes.sort(key=attrgetter("rank"), reverse=True)
        self._beam = self._apart(prefixes, prefixes[0].rank - self._search.margin)
        self._texts.settle(self._beam)
        scale = max(prefix.blank + prefix.letter for prefix in self._beam)
        for prefix in self._beam:
            prefix.blank /= scale
            prefix.letter /= scale
        self._log_scale += log(scale)

    def _apart(self, prefixes: list[Prefix], least: float) -> list[Prefix]:
        """The first `width` of rank `least` at least, best first, whose last words differ."""
        found: dict[tuple[tuple[str, ...], str], Prefix] = {}
        for prefix in prefixes:
            if prefix.rank < least or len(found) == self._search.width:
                break
            found.setdefault((prefix.words[-self._search.memory :], prefix.word), prefix)
        return list(found.values())

    def _ranked(self, texts: list[tuple[Prefix, Prefix]], count: int) -> list[Hypothesis]:
        """Hypotheses of (text, the prefix that has its probability); equal words are one."""
        heard: dict[tuple[str, ...], tuple[float, float]] = {}
        for text, prefix in texts:
            words = (*text.words, text.word) if text.word else text.words
            p, language = heard.get(words, (0.0, -inf))
            heard[words] = p + prefix.blank + prefix.letter, max(language, text.language)
        found = [Hypothesis(words, log(p) + self._log_scale, score) for words, (p, score) in heard.items()]
        return nlargest(count, found, key=attrgetter("total"))


def _rank(p: float, prefix: Prefix) -> float:
    return log(p) + prefix.language if p > 0.0 else -inf


def beam(
    log_probs: np.ndarray,
    letters: Sequence[str],
    search: Search | None = None,
    *,
    language: Language | None = None,
    hot_words: HotWords | None = None,
    before: Sequence[str] = (),
    count: int = 10,
) -> list[Hypothesis]:
    """Up to `count` hypotheses of log_probs (frames, letters), best first. Parameters as of `BeamSearch`."""
    found = BeamSearch(letters, search, language=language, hot_words=hot_words, before=before)
    found.feed(log_probs)
    return found.finish(count)
