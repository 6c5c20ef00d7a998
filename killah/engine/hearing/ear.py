"""The ear on the engine's thread: what is heard is heard between two tokens of whatever is being written."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar

import mlx.core as mx
import numpy as np

from killah import paths
from killah.audio.dictation.vocabulary import Term, hot_words, spellings
from killah.audio.recognition.ctc import Word
from killah.audio.recognition.emotion import Emotions
from killah.engine.hearing import ways
from killah.engine.hearing.ways import Expectant, Way
from killah.engine.members import Members
from killah.engine.scheduler import Priority, Scheduler
from killah.errors import KillahError
from killah.gemma.base import Base

Bases = Callable[[], tuple[Base, Members]]
T = TypeVar("T")


@contextmanager
def alone() -> Iterator[Scheduler]:
    """A thread for hearing only, with no base model."""
    scheduler = Scheduler(at_end=mx.clear_streams)
    try:
        yield scheduler
    finally:
        scheduler.close()


class Ear:
    """What hears (`killah.engine.hearing.ways`), for callers on any thread; loaded when first asked.

    A call waits for its turn. `terms` gives the words to expect. `names` says how they are spelled by what is
    heard: empty until the encoder is loaded. `bases` gives the base, on the engine's thread, to a way that
    takes one.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        encoder: str,
        terms: Callable[[], list[Term]] = list,
        *,
        way: Way = "ctc",
        bases: Bases | None = None,
    ) -> None:
        self.names: dict[str, str] = {}
        self.way: Way = way
        self._scheduler, self._encoder, self._terms = scheduler, encoder, terms
        self._bases = bases
        self._hearing: Expectant | None = None
        self._emotions: Emotions | None = None

    def draft(self, samples: np.ndarray) -> Sequence[Word]:
        """The words of (samples,) so far."""
        return self._ask(lambda: self._loaded.draft(samples))

    def settle(self, samples: np.ndarray) -> Sequence[Word]:
        """The words of (samples,) for good."""
        return self._ask(lambda: self._loaded.settle(samples))

    def phrase(self, samples: np.ndarray, phrases: Sequence[str]) -> tuple[str, float] | None:
        """Which of `phrases` (samples,) are, if they are one, and how far from it in nats a letter."""
        return self._ask(lambda: self._loaded.phrase(samples, phrases))

    def emotion(self, samples: np.ndarray) -> tuple[str, float] | None:
        """The likeliest emotion that (samples,) are said with, and its probability; None of too little sound.

        Raises `KillahError` where the classifier cannot be loaded.
        """
        return self._ask(lambda: _likeliest(self._feeling, samples))

    def _ask(self, question: Callable[[], T]) -> T:
        answers: list[T] = []

        def work() -> Iterator[None]:
            answers.append(question())
            yield

        self._scheduler.submit(work, Priority.DICTATION).result()
        if not answers:
            raise KillahError("The engine was closed.", "Start again.")
        return answers[0]

    @property
    def _feeling(self) -> Emotions:
        """On the MLX thread."""
        if self._emotions is None:
            self._emotions = Emotions.load(paths.shipped("models") / "emotion")
        return self._emotions

    @property
    def _loaded(self) -> Expectant:
        """On the MLX thread."""
        if self._hearing is None:
            self._hearing = ways.load(self._encoder, self.way, self._bases)
            terms = self._terms()
            self._hearing.expect(hot_words(terms))
            self.names |= spellings(terms)
        return self._hearing


def _likeliest(emotions: Emotions, samples: np.ndarray) -> tuple[str, float] | None:
    with suppress(KillahError):
        return next(iter(emotions.of(samples).items()))
    return None
