"""What a gate does to suggestions: how often it shows one, and how often that one is right.

The terms are those of KeyType and Pretype, two programs that publish them. Each caret has two facts: was a
suggestion shown, and was its first word right.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Showing:
    """Counts over carets; ratios with a zero denominator are 0."""

    carets: int
    shown: int
    right: int

    @property
    def wrong(self) -> int:
        """Shown suggestions whose first word was not right."""
        return self.shown - self.right

    @property
    def coverage(self) -> float:
        """Share of carets at which something was shown."""
        return _share(self.shown, self.carets)

    @property
    def precision(self) -> float:
        """Share of shown suggestions whose first word was right (precision when shown)."""
        return _share(self.right, self.shown)

    @property
    def wrong_show_rate(self) -> float:
        """Share of carets at which something wrong was shown: how often the writer is disturbed."""
        return _share(self.wrong, self.carets)

    @property
    def accuracy(self) -> float:
        """Share of carets at which the right first word was shown; without a gate, first-word accuracy."""
        return _share(self.right, self.carets)


def count(outcomes: Sequence[bool | None]) -> Showing:
    """Outcomes of carets: None nothing shown, else whether the first word was right."""
    shown = [o for o in outcomes if o is not None]
    return Showing(len(outcomes), len(shown), sum(shown))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
