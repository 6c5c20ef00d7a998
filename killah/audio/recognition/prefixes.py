"""The texts of a beam search, and what a word model and hot words say of them."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from killah.audio.recognition.ctc import Letters
from killah.audio.recognition.hot_words import HotWords, Matches


class Language(Protocol):
    """A model of words, such as `killah.audio.recognition.word_lm.WordLM`. Natural logarithms."""

    def scores(self, pairs: Iterable[tuple[Sequence[str], str]]) -> Sequence[float]:
        """Log p(word | the words before it) of each (words before, word)."""
        ...

    def ahead(self, beginning: str) -> float:
        """About the best log p of a word that begins so, whatever is before it."""
        ...


class Prefix:
    """A text: whole words, the word being said, and its probability.

    `blank` and `letter` are the probabilities of all paths to it that end in a blank and in its last letter.
    Children are found again by their letter, so that paths to the same text meet; no prefix knows its parent,
    so that what a search has left behind is let go.
    """

    __slots__ = (
        "blank",
        "children",
        "column",
        "expected",
        "frame",
        "language",
        "letter",
        "matches",
        "new_blank",
        "new_letter",
        "rank",
        "settled",
        "waits",
        "word",
        "words",
    )

    def __init__(
        self, column: int, words: tuple[str, ...], word: str, settled: float, matches: Matches
    ) -> None:
        self.column = column
        self.words = words
        self.word = word
        self.settled = settled  # score of the whole words
        self.expected = 0.0  # of the word being said, when it ends
        self.language = settled  # all of it, and what hot words lend
        self.matches = matches
        self.waits = False  # for the word model to score its last word
        self.children: dict[int, Prefix] = {}
        self.blank = self.letter = self.new_blank = self.new_letter = 0.0
        self.rank = 0.0
        self.frame = -1


class Texts:
    """Makes prefixes and scores them: weight * log p + word_bonus for each word, and hot words."""

    def __init__(
        self,
        letters: Letters,
        language: Language | None,
        hot_words: HotWords | None,
        *,
        weight: float,
        word_bonus: float,
        before: Sequence[str],
    ) -> None:
        self._letters = letters
        self._language = language
        self._hot = hot_words or HotWords(())
        self._weight = weight
        self._word_bonus = word_bonus if language else 0.0
        self._before = tuple(before)
        self.most = self._word_bonus + self._hot.bonus  # what a letter can add to `language`

    def root(self) -> Prefix:
        """The empty text. It ends a word, so that delimiters before the first one change nothing."""
        return Prefix(self._letters.delimiter, (), "", 0.0, self._hot.begin())

    def child(self, parent: Prefix, column: int) -> Prefix:
        """`parent` with one letter more, or with its word ended, which it did not have yet."""
        found = self._ended(parent) if column == self._letters.delimiter else self._longer(parent, column)
        parent.children[column] = found
        return found

    def settle(self, prefixes: Iterable[Prefix]) -> None:
        """Let the word model score the last word of those whose word just ended, all at once."""
        waiting = [prefix for prefix in prefixes if prefix.waits]
        if not waiting or self._language is None:
            return
        pairs = [(self._before + prefix.words[:-1], prefix.words[-1]) for prefix in waiting]
        for prefix, score in zip(waiting, self._language.scores(pairs), strict=True):
            if prefix.words[-1] in self._hot.words:
                score = max(score, self._hot.log_p)  # noqa: PLW2901
            prefix.settled += self._weight * score
            prefix.language = prefix.settled + self._hot.hope(prefix.matches)
            prefix.waits = False

    def _longer(self, parent: Prefix, column: int) -> Prefix:
        symbol = self._letters.symbols[column]
        matches = self._hot.letter(parent.matches, symbol)
        child = Prefix(column, parent.words, parent.word + symbol, parent.settled, matches)
        child.expected = self._expected(child.word, matches)
        child.language = child.settled + child.expected + self._hot.hope(matches)
        return child

    def _ended(self, parent: Prefix) -> Prefix:
        matches, earned = self._hot.end_word(parent.matches)
        settled = parent.settled + earned + self._word_bonus
        child = Prefix(self._letters.delimiter, (*parent.words, parent.word), "", settled, matches)
        child.waits = self._language is not None
        child.language = parent.settled + parent.expected + earned + self._hot.hope(matches)
        return child

    def _expected(self, word: str, matches: Matches) -> float:
        """What a word that begins so adds when it ends."""
        if self._language is None:
            return 0.0
        ahead = self._language.ahead(word)
        return self._word_bonus + self._weight * (max(ahead, self._hot.log_p) if matches else ahead)
