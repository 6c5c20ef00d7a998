"""When each letter and word of a known text was said: CTC forced alignment.

Viterbi over the letters with a blank before, between and after them (Graves et al. 2006, section 4.1, with
the maximum for the sum). CTC models write a letter in few frames, so a span is where a letter was sure to be
heard, not all of its sound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

import numpy as np

from killah.audio.recognition.ctc import SECONDS_PER_FRAME, Letters, Word
from killah.errors import KillahError


@dataclass(frozen=True)
class Span:
    """A letter or a word in frames `first` up to, not with, `end`; `score` as in `Word`."""

    text: str
    first: int
    end: int
    score: float


@dataclass(frozen=True)
class Alignment:
    """Spans of every letter (a space is a letter) and of every word of a text.

    `log_prob` is that of the one path they lie on.
    """

    letters: list[Span]
    words: list[Span]
    log_prob: float

    def timed(self, seconds_per_frame: float = SECONDS_PER_FRAME) -> list[Word]:
        """The words in seconds."""
        return [
            Word(word.text, word.first * seconds_per_frame, word.end * seconds_per_frame, word.score)
            for word in self.words
        ]


def align(log_probs: np.ndarray, text: str, letters: Sequence[str]) -> Alignment:
    """The likeliest frames of `text`, words with one space between them, in log_probs (frames, letters).

    Takes ten bytes for every frame and letter of the text: 7 MB for half a minute. Raises `KillahError`
    where the text has strange letters or more of them than there are frames.
    """
    table = Letters.of(letters)
    table.check(log_probs)
    labels = table.ids(text)
    states = np.full(2 * len(labels) + 1, table.blank)
    states[1::2] = labels
    scores = log_probs[:, states]
    path = _viterbi(scores, _may_skip(np.array(labels)))
    heard = scores[np.arange(len(path)), path]
    spans = [_span(text[i], path, heard, i, i + 1) for i in range(len(text))]
    words = [_span(text[i:j], path, heard, i, j) for i, j in _words(text)]
    return Alignment(spans, words, float(heard.sum()))


def _may_skip(labels: np.ndarray) -> np.ndarray:
    """Which states a path may reach from two before, (states,): letters, but no letter from its equal."""
    allowed = np.zeros(2 * len(labels) + 1, dtype=bool)
    allowed[3::2] = labels[1:] != labels[:-1]
    return allowed


def _viterbi(scores: np.ndarray, may_skip: np.ndarray) -> np.ndarray:
    """The best path of states (frames,) through scores (frames, states)."""
    frames, states = scores.shape
    climbed = np.zeros((frames, states), dtype=np.uint8)
    ways = np.full((3, states), -np.inf)  # into each state: from itself, from one before, from two before
    best = np.full(states, -np.inf)
    best[0] = 0.0
    for frame, heard in enumerate(scores):
        ways[0] = best
        ways[1, 1:] = best[:-1]
        ways[2, 2:] = np.where(may_skip[2:], best[:-2], -np.inf)
        climbed[frame] = ways.argmax(axis=0)
        best = ways.max(axis=0) + heard
    state = int(best[-2:].argmax()) + max(states - 2, 0)
    if not np.isfinite(best[state]):
        raise KillahError("The audio is too short for this text.", "Give the text of this audio alone.")
    path = np.empty(frames, dtype=np.int64)
    for frame in reversed(range(frames)):
        path[frame] = state
        state -= int(climbed[frame, state])
    return path


def _words(text: str) -> list[tuple[int, int]]:
    """First letter and end of every word."""
    ends = [i for i, letter in enumerate(text) if letter == " "] + [len(text)]
    starts = [0] + [end + 1 for end in ends[:-1]]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if end > start]


def _span(text: str, path: np.ndarray, heard: np.ndarray, i: int, j: int) -> Span:
    """The span of letters `i` up to `j`, whose states are 2i + 1 to 2j - 1, with blanks between them."""
    first, end = np.searchsorted(path, [2 * i + 1, 2 * j])
    letters = path[first:end] % 2 == 1
    return Span(text, int(first), int(end), exp(heard[first:end][letters].mean()))
