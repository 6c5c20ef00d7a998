"""Letters out of CTC log probabilities, the likeliest one a frame, with the times of the words they make.

Connectionist temporal classification (Graves et al. 2006): a letter that stays is written once, a blank
between two equal letters writes both, the delimiter ends a word. `Greedy` keeps its place between pieces of
a stream, so that pieces give what the whole gives.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

import numpy as np

from killah.errors import KillahError

SECONDS_PER_FRAME = 0.02  # of wav2vec 2.0
BLANKS = ("<pad>", "[PAD]", "<blank>")
DELIMITERS = ("|", " ")
_SPECIAL = re.compile(r"<.*>|\[.*\]")


@dataclass(frozen=True)
class Word:
    """A word and when it was said, in seconds.

    `score` is the geometric mean of its letters' probabilities over their frames, 0 to 1.
    """

    text: str
    start: float
    end: float
    score: float


def text_of(words: Sequence[Word]) -> str:
    """The words in a row."""
    return " ".join(word.text for word in words)


@dataclass(frozen=True)
class Letters:
    """What each column of CTC log probabilities writes, in lower case; special tokens write nothing."""

    symbols: tuple[str, ...]
    blank: int
    delimiter: int

    @classmethod
    def of(cls, table: Sequence[str]) -> "Letters":
        """Read a vocabulary by id, as transformers names its tokens: `<pad>` is the blank, `|` ends a word.

        Raises `KillahError` where one of the two is missing.
        """
        blank = next((table.index(name) for name in BLANKS if name in table), None)
        delimiter = next((table.index(name) for name in DELIMITERS if name in table), None)
        if blank is None or delimiter is None:
            raise KillahError(
                "This speech model's letters have no blank or no word delimiter.",
                "vocab.json needs <pad> and |.",
            )
        symbols = ["" if _SPECIAL.fullmatch(name) else name.lower() for name in table]
        symbols[delimiter] = " "
        return cls(tuple(symbols), blank, delimiter)

    def ids(self, text: str) -> list[int]:
        """Columns that spell `text`, words with one space between them.

        Raises `KillahError` for a letter that is not in the vocabulary.
        """
        columns = {symbol: column for column, symbol in enumerate(self.symbols) if symbol}
        if strange := sorted(set(text) - columns.keys()):
            raise KillahError(
                f"The speech model has no letter {strange[0]!r}.", "Give the text as it is spoken."
            )
        return [columns[symbol] for symbol in text]

    def check(self, log_probs: np.ndarray) -> None:
        """Raise `ValueError` unless `log_probs` is (frames, letters) of this vocabulary."""
        if log_probs.ndim != 2 or log_probs.shape[1] != len(self.symbols):
            raise ValueError(f"log_probs {log_probs.shape} are not (frames, {len(self.symbols)})")


class Greedy:
    """Greedy decoding of a stream. `seconds_per_frame` is the encoder's."""

    def __init__(self, letters: Sequence[str], seconds_per_frame: float = SECONDS_PER_FRAME) -> None:
        self._letters = Letters.of(letters)
        self._seconds = seconds_per_frame
        self._frame = 0
        self._last = self._letters.blank
        self._begin()

    def _begin(self) -> None:
        self._text = ""
        self._start = self._end = self._frame
        self._scores: list[float] = []

    def feed(self, log_probs: np.ndarray) -> list[Word]:
        """Words that ended in the next frames, log_probs (frames, letters)."""
        self._letters.check(log_probs)
        ended = []
        best, scores = log_probs.argmax(axis=1), log_probs.max(axis=1, initial=-np.inf)
        for column, score in zip(best.tolist(), scores.tolist(), strict=True):
            if column == self._letters.delimiter:
                ended += self._end_word()
            elif symbol := self._letters.symbols[column]:
                self._hear(column, symbol, score)
            self._last = column
            self._frame += 1
        return ended

    def partial(self) -> Word | None:
        """The word that is being said, as far as it was heard."""
        if not self._text:
            return None
        score = exp(sum(self._scores) / len(self._scores))
        return Word(self._text, self._start * self._seconds, self._end * self._seconds, score)

    def finish(self) -> list[Word]:
        """End the stream: the word that was being said, if any. The next frame begins a new one."""
        ended = self._end_word()
        self._last = self._letters.blank
        return ended

    def _hear(self, column: int, symbol: str, score: float) -> None:
        if not self._text:
            self._start = self._frame
        if column != self._last:
            self._text += symbol
        self._end = self._frame + 1
        self._scores.append(score)

    def _end_word(self) -> list[Word]:
        word = self.partial()
        self._begin()
        return [word] if word else []


def greedy(
    log_probs: np.ndarray, letters: Sequence[str], seconds_per_frame: float = SECONDS_PER_FRAME
) -> list[Word]:
    """Words of log_probs (frames, letters); `letters` is the vocabulary by id."""
    stream = Greedy(letters, seconds_per_frame)
    return stream.feed(log_probs) + stream.finish()
