"""What `killah talk` shows and keeps: turns as they are taken, events as JSON, a conversation as Markdown."""

import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from killah import paths
from killah.cli.hearing import BAR, QUIETEST
from killah.cli.output import print_json, read_text
from killah.cli.talk_keys import Keyboard
from killah.engine.talking.conversation import Asked, Heard, Interrupted, Listening, Reply, Told
from killah.persona.scanning import printable


class Page:
    """Turns on stdout; under them, where stderr is a terminal, what is being said or typed and the level."""

    def __init__(self, keyboard: Keyboard, *, live: bool, as_json: bool, file: Path | None) -> None:
        console = Console(stderr=True, highlight=False)
        self._keyboard, self._as_json = keyboard, as_json
        self._shown = live and not as_json and console.is_terminal
        self._above = self._shown and sys.stdout.isatty()
        self._heard, self._said = "", "Loading."
        self._printing = threading.Lock()
        self._level: float | None = None  # while nothing listens
        self._live = Live(console=console, refresh_per_second=10, get_renderable=self._drawn, transient=True)
        self._notes = Notes(file) if file else None

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
        """A sentence about the microphone or the voice; on stderr where nothing is drawn."""
        self._said = text
        if not self._shown:
            print(f"killah: {text}", file=sys.stderr, flush=True)

    def ready(self, text: str) -> None:
        """Turns can be taken from now on."""
        self._said = text
        self.event("ready")

    def level(self, decibels: float) -> None:
        """How loud it is, in dBFS."""
        self._level = decibels

    def tell(self, told: Told) -> None:
        """Show what happened, and keep it."""
        if self._as_json:
            self._object(as_object(told))
        else:
            self._show(told)
        if self._notes and isinstance(told, Asked | Reply):
            self._notes.add(told)

    def event(self, name: str, **fields: Any) -> None:
        """One more event, for JSON only."""
        if self._as_json:
            self._object({"event": name} | fields)

    def _object(self, line: dict[str, Any]) -> None:
        with self._printing:  # the voice tells on a thread of its own
            print_json(line, lines=True)

    def _show(self, told: Told) -> None:
        if isinstance(told, Heard):
            self._heard = told.text
        elif isinstance(told, Listening):
            self._said = "Listening." if told.on else "Not listening: say “start listening”, or type."
        elif isinstance(told, Asked):
            self._heard, self._said = "", "" if told.request else "Looking it up."
            self._print(Text(f"You: {told.text}", "bold"))
        elif isinstance(told, Reply):
            self._said = ""
            self._print(Text(told.text))
            if told.answer is not None:
                self._print(Text(f"     {source(told)}", "dim"))

    def _print(self, text: Text) -> None:
        if self._above:
            self._live.console.print(text)
        else:
            print(text.plain, flush=True)

    def _drawn(self) -> Group:
        typed = self._keyboard.line
        line = Text(f"> {typed}▏") if typed or not self._heard else Text(self._heard, "dim italic")
        status = Text()
        if self._level is not None:
            filled = round(BAR * min(1.0, max(0.0, 1 - self._level / QUIETEST)))
            status.append("▮" * filled + "▯" * (BAR - filled) + "  ", "green")
        return Group(line, status.append(self._said, "dim"))


class Notes:
    """A conversation written down as it goes, in a file of the owner's only."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._text = read_text(str(file)) if file.exists() else ""

    def add(self, told: Asked | Reply) -> None:
        """Write one turn more. Raises `KillahError`."""
        if isinstance(told, Asked):
            turn = f"**You:** {told.text}\n"
        else:
            turn = f"**Killah:** {told.text}\n"
            if told.answer is not None:
                turn += f"\n> {told.answer.quote}\n>\n> — {printable(told.answer.path)}\n"
        self._text += f"\n{turn}" if self._text else turn
        paths.write_private(self._file, self._text)


def source(reply: Reply) -> str:
    """The document of a reply; the sentence too where the reply is in other words."""
    assert reply.answer is not None
    path = printable(reply.answer.path)
    home = str(Path.home())
    short = f"~{path.removeprefix(home)}" if path.startswith(home + "/") else path
    return short if reply.answer.quote in reply.text else f"“{reply.answer.quote}” {short}"


def as_object(told: Told) -> dict[str, Any]:
    """An event for a program."""
    if isinstance(told, Asked):
        return {"event": "request" if told.request else "question", "text": told.text, "by": told.by} | (
            {"request": told.request} if told.request else {}
        )
    if isinstance(told, Heard):
        return {"event": "partial", "text": told.text}
    if isinstance(told, Listening):
        return {"event": "listening", "on": told.on}
    if isinstance(told, Interrupted):
        return {"event": "interrupted", "by": told.by, "ms": round(1000 * told.seconds, 1)}
    found: dict[str, Any] = {"event": "answer" if told.known else "reply", "text": told.text}
    if told.answer is not None:
        found |= {
            "document": told.answer.path,
            "sentence": told.answer.quote,
            "passage": told.answer.passage,
            "score": round(told.answer.score, 3),
        }
    return found
