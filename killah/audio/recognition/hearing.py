"""What it is to hear: samples in, words out. A `Recogniser` does, and the engine in ways of its own."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from killah.audio.recognition.ctc import Word


class Hearing(Protocol):
    """Hears samples (samples,), quickly or with care; words have times in them."""

    def draft(self, samples: np.ndarray) -> Sequence[Word]:
        """The words so far."""
        ...

    def settle(self, samples: np.ndarray) -> Sequence[Word]:
        """The words for good."""
        ...

    def phrase(self, samples: np.ndarray, phrases: Sequence[str]) -> tuple[str, float] | None:
        """Which of `phrases` was said, if one was, and how far from it in nats a letter."""
        ...
