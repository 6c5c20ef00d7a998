"""Samples to words: a speech encoder with its letters, a word model, and what the user is likely to say.

recogniser = Recogniser.load("ear-nano")
words = recogniser.settle(samples)      # with a beam, the word model and hot words
words = recogniser.draft(samples)       # the likeliest letter of each frame: quick, for words that may change
"""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from killah.audio import RATE
from killah.audio.encoder import SpeechEncoder
from killah.audio.recognition import ctc
from killah.audio.recognition.alignment import align
from killah.audio.recognition.beam import BeamSearch, Hypothesis, Search
from killah.audio.recognition.ctc import Word
from killah.audio.recognition.hot_words import HotWords
from killah.audio.recognition.word_lm import WordLM
from killah.errors import KillahError

WORDS = "words.npz"  # beside the encoder's weights
SHORTEST = 0.1  # seconds that hold a word


class Recogniser:
    """Use it on the thread that loaded it, as its encoder."""

    def __init__(
        self, encoder: SpeechEncoder, words: WordLM | None = None, search: Search | None = None
    ) -> None:
        if encoder.letters is None:
            raise KillahError(
                f"{encoder.name} has no letters to write with.",
                "Take an encoder with a CTC head, such as ear-nano or wav2vec2-large-960h.",
            )
        self.encoder = encoder
        self._letters = encoder.letters
        self._words = words
        self._search = search or Search()
        self._hot_words: HotWords | None = None
        self._heard: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    @classmethod
    def load(cls, name: str, search: Search | None = None) -> "Recogniser":
        """The encoder of that name or folder, with its word model where it has one. Raises `KillahError`."""
        folder = SpeechEncoder.find(name)
        path = folder / WORDS
        return cls(SpeechEncoder.load(folder), WordLM.load(path) if path.exists() else None, search)

    def expect(self, phrases: Sequence[str]) -> None:
        """Hear these words and phrases more easily from now on."""
        self._hot_words = HotWords(phrases) if phrases else None

    def frames(self, samples: np.ndarray) -> np.ndarray:
        """What the encoder makes of (samples,), (frames, width); of those heard last it is remembered."""
        return self._hear(samples)[1]

    def log_probs(self, samples: np.ndarray) -> np.ndarray:
        """Of every letter in every frame, (frames, letters) float32, natural logarithms.

        Those of the samples that were heard last are remembered.
        """
        return self._hear(samples)[2]

    def _hear(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if self._heard is None or samples is not self._heard[0]:
            frames = self.encoder.encode(samples)
            self._heard = samples, np.array(frames), np.array(self.encoder.log_probs(frames))
        return self._heard

    def draft(self, samples: np.ndarray) -> list[Word]:
        """The likeliest letters, as words with times in `samples`."""
        if len(samples) < SHORTEST * RATE:
            return []
        return ctc.greedy(self.log_probs(samples), self._letters, self.encoder.seconds_per_frame)

    def settle(self, samples: np.ndarray, before: Sequence[str] = ()) -> list[Word]:
        """The likeliest words after `before`, with times in `samples`."""
        log_probs, found = self.guesses(samples, before=before)
        return self.timed(log_probs, found[0]) if found else []

    def guesses(
        self, samples: np.ndarray, count: int = 1, before: Sequence[str] = ()
    ) -> tuple[np.ndarray, list[Hypothesis]]:
        """Log probabilities of the letters, and up to `count` hypotheses, best first; none of too little."""
        if len(samples) < SHORTEST * RATE:
            return np.zeros((0, len(self._letters)), np.float32), []
        log_probs = self.log_probs(samples)
        search = BeamSearch(
            self._letters, self._search, language=self._words, hot_words=self._hot_words, before=before
        )
        search.feed(log_probs)
        return log_probs, search.finish(count)

    def phrase(self, samples: np.ndarray, phrases: Sequence[str]) -> tuple[str, float] | None:
        """Which of `phrases` was said, if one was, and how much less likely it is than the likeliest letters.

        In nats a letter. None of too little speech.
        """
        if len(samples) < SHORTEST * RATE:
            return None
        log_probs = self.log_probs(samples)
        free = float(log_probs.max(axis=1).sum())
        gaps: list[tuple[float, str]] = []
        for phrase in phrases:
            with suppress(KillahError):  # more letters than there are frames, or strange ones
                gaps.append(((free - align(log_probs, phrase, self._letters).log_prob) / len(phrase), phrase))
        return (min(gaps)[1], min(gaps)[0]) if gaps else None

    def timed(self, log_probs: np.ndarray, hypothesis: Hypothesis) -> list[Word]:
        """The words of a hypothesis with their times."""
        if not hypothesis.words:
            return []
        alignment = align(log_probs, " ".join(hypothesis.words), self._letters)
        return alignment.timed(self.encoder.seconds_per_frame)
