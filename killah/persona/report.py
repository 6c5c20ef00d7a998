"""What an index run tells: where it is, and at the end what it did."""

from dataclasses import dataclass, field
from typing import Literal

from killah.persona.scanning import Skipped


@dataclass(frozen=True)
class Progress:
    """Where a run is: documents stored, of all to read, and passages embedded so far.

    In stage `again`, after a change of embedder or of the style vector, `done` and `total` count passages.
    """

    stage: Literal["found", "reading", "loading", "embedding", "again"]
    done: int
    total: int
    passages: int = 0
    path: str = ""


@dataclass
class Report:
    """What a run did. Seconds of reading and embedding overlap."""

    persona: str
    read: int = 0
    unchanged: int = 0
    removed: int = 0
    words: int = 0
    passages: int = 0
    bytes: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    formats: dict[str, int] = field(default_factory=dict)  # documents read, by format
    other: dict[str, int] = field(default_factory=dict)  # files there is no reader for, by ending
    left_out: dict[str, int] = field(default_factory=dict)  # words that do not count, by reason
    seconds: float = 0.0
    reading_seconds: float = 0.0
    embedding_seconds: float = 0.0
    storing_seconds: float = 0.0

    def leave_out(self, reason: str, words: int) -> None:
        """Count words that are not the owner's voice, or are there twice."""
        if words:
            self.left_out[reason] = self.left_out.get(reason, 0) + words

    @property
    def changed(self) -> bool:
        """Whether anything is different from before."""
        return self.read + self.removed > 0

    @property
    def worked(self) -> bool:
        """Whether anything came of it."""
        return self.read + self.unchanged > 0
