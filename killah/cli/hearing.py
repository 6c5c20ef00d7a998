"""What `killah dictate` shows in a terminal while it listens: the text, words that may change, the level."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from killah.audio.dictation.live import Event, Final, Partial, Said

if TYPE_CHECKING:
    from killah.audio.commands.document import Document

LINES = 12  # of the text, its end
QUIETEST, BAR = -60.0, 20  # dBFS at the left end of the level, characters


class Page:
    """A live view on stderr, or nothing where that is no terminal; a context manager."""

    def __init__(self, document: "Document", *, shown: bool) -> None:
        console = Console(stderr=True, highlight=False)
        self._document = document
        self._shown = shown and console.is_terminal
        self._partial, self._said, self._level = "", "Listening. Ctrl-C ends.", QUIETEST
        self._live = Live(console=console, refresh_per_second=10, get_renderable=self._drawn, transient=True)

    def __enter__(self) -> Self:
        if self._shown:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._live.stop()

    def say(self, text: str) -> None:
        """A sentence about the microphone, under the text; on stderr where nothing is drawn."""
        self._said = text
        if not self._shown:
            print(f"killah: {text}", file=sys.stderr, flush=True)

    def tell(self, text: str) -> None:
        """What was understood, under the text; nothing where nothing is drawn."""
        self._said = text

    def level(self, decibels: float) -> None:
        """How loud it is, in dBFS."""
        self._level = decibels

    def show(self, event: Event) -> None:
        """Follow what was heard."""
        if isinstance(event, Partial):
            self._partial = " ".join(word.text for word in event.words)
        elif isinstance(event, Final | Said):
            self._partial = ""
        if isinstance(event, Said):
            self._said = f"Command: {' '.join(word.text for word in event.words)}"

    def _drawn(self) -> Group:
        text = Text("\n".join(self._document.text.split("\n")[-LINES:]))
        if self._partial:
            text.append(f" {self._partial}", "dim italic")
        filled = round(BAR * min(1.0, max(0.0, 1 - self._level / QUIETEST)))
        status = Text("▮" * filled + "▯" * (BAR - filled), "green")
        status.append(f"  {self._said}", "dim")
        return Group(text, status)
