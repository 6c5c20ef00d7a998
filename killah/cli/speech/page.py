"""What a command that hears shows in a terminal meanwhile: its lines, the level, a word on what goes on."""

import sys
from abc import ABC, abstractmethod
from contextlib import ExitStack
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

ENDS = "Ctrl-C ends."  # is always in sight
QUIETEST, BAR = -60.0, 20  # dBFS at the left end of the level, characters at most
ROWS = 12  # of what is drawn above the level, at most


class Page(ABC):
    """A live view on stderr, or nothing where that is no terminal; a context manager.

    `said` stands under the lines, behind the `level` in dBFS (None while nothing listens).
    """

    def __init__(self, said: str, *, shown: bool, level: float | None = None) -> None:
        self.console = Console(stderr=True, highlight=False)
        self.shown = shown and self.console.is_terminal
        self.said = said
        self._level = level
        self._drawing = ExitStack()

    def __enter__(self) -> Self:
        if self.shown:
            live = Live(
                console=self.console, refresh_per_second=10, get_renderable=self._drawn, transient=True
            )
            self._drawing.enter_context(live)
        return self

    def __exit__(self, *_: object) -> None:
        self._drawing.close()

    @abstractmethod
    def lines(self) -> Text:
        """What is drawn above the level, now."""

    def say(self, text: str) -> None:
        """A sentence about the microphone or the voice; on stderr where nothing is drawn."""
        self.said = text
        if not self.shown:
            print(f"killah: {text}", file=sys.stderr, flush=True)

    def level(self, decibels: float) -> None:
        """How loud it is, in dBFS."""
        self._level = decibels

    def _drawn(self) -> Text:
        status = Text()
        if self._level is not None:
            bar = min(BAR, self.console.width // 3)
            filled = round(bar * min(1.0, max(0.0, 1 - self._level / QUIETEST)))
            status.append("▮" * filled + "▯" * (bar - filled) + "  ", "green")
        said = self.said if ENDS in self.said else f"{self.said} {ENDS}".strip()
        below = self._rows(status.append(said, "dim"))
        room = max(1, min(ROWS, self.console.height - len(below) - 1))
        return Text("\n").join([*self._rows(self.lines())[-room:], *below])

    def _rows(self, text: Text) -> list[Text]:
        """As they fit the window, so that what is cut is the beginning: rich would cut the end."""
        return list(text.wrap(self.console, self.console.width))
