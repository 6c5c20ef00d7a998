"""The ear on the engine's thread: what is heard is heard between two tokens of whatever is being written."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import mlx.core as mx
import numpy as np

from killah.audio.ctc import Word
from killah.audio.recogniser import Recogniser
from killah.audio.vocabulary import Term, hot_words, spellings
from killah.engine.scheduler import Priority, Scheduler
from killah.errors import KillahError

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
    """A recogniser for callers on any thread, loaded when it is first asked. A call waits for its turn.

    `terms` gives the words to expect. `names` says how they are spelled by what is heard: empty until the
    recogniser is loaded.
    """

    def __init__(self, scheduler: Scheduler, encoder: str, terms: Callable[[], list[Term]] = list) -> None:
        self.names: dict[str, str] = {}
        self._scheduler, self._encoder, self._terms = scheduler, encoder, terms
        self._recogniser: Recogniser | None = None

    def draft(self, samples: np.ndarray) -> Sequence[Word]:
        """The words of (samples,) so far."""
        return self._ask(lambda: self._loaded.draft(samples))

    def settle(self, samples: np.ndarray) -> Sequence[Word]:
        """The words of (samples,) for good."""
        return self._ask(lambda: self._loaded.settle(samples))

    def phrase(self, samples: np.ndarray, phrases: Sequence[str]) -> tuple[str, float] | None:
        """Which of `phrases` (samples,) are, if they are one, and how far from it in nats a letter."""
        return self._ask(lambda: self._loaded.phrase(samples, phrases))

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
    def _loaded(self) -> Recogniser:
        """On the MLX thread."""
        if self._recogniser is None:
            self._recogniser = Recogniser.load(self._encoder)
            terms = self._terms()
            self._recogniser.expect(hot_words(terms))
            self.names |= spellings(terms)
        return self._recogniser
