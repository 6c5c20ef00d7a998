"""What ghost text did in this session: counts and latencies."""

from collections import deque
from dataclasses import dataclass, field

from killah.app.text_area import Outcome

KEPT = 1000  # latencies


@dataclass
class Figures:
    """Counts since the editor opened. `shown` counts suggestions, not the steps they grew in."""

    asked: int = 0
    shown: int = 0
    accepted: int = 0
    word: int = 0
    dismissed: int = 0
    typed: int = 0
    words_taken: int = 0
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))

    def settle(self, outcome: Outcome, words: int) -> None:
        """Count what became of a ghost."""
        setattr(self, outcome, getattr(self, outcome) + 1)
        self.words_taken += words

    def percentile(self, share: float) -> float:
        """Latency in milliseconds that `share` of the ghosts stayed below; 0 before the first."""
        if not self.latencies:
            return 0.0
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def summary(self) -> dict[str, int | float]:
        """Plain numbers; latencies are from the end of the debounce to the ghost on screen."""
        return {
            "ghosts_asked": self.asked,
            "ghosts_shown": self.shown,
            "ghosts_accepted": self.accepted,
            "ghost_words_accepted": self.word,
            "ghosts_dismissed": self.dismissed,
            "ghosts_typed_through": self.typed,
            "words_taken": self.words_taken,
            "ghost_p50_ms": round(self.percentile(0.5), 1),
            "ghost_p95_ms": round(self.percentile(0.95), 1),
        }
