"""What `killah talk` shows and keeps: turns as they are taken, events as JSON, a conversation as Markdown."""

import sys
import threading
from pathlib import Path
from typing import Any

from rich.text import Text

from killah.cli.output import print_json
from killah.cli.speech.keys import Keyboard
from killah.cli.speech.page import Page
from killah.engine.talking.conversation import Asked, Heard, Interrupted, Listening, Reply, Told
from killah.persona.scanning import printable


class ConversationPage(Page):
    """Turns on stdout; under them, in a terminal, what is being said or typed."""

    def __init__(self, keyboard: Keyboard, *, live: bool, as_json: bool, file: Path | None) -> None:
        super().__init__("Loading.", shown=live and not as_json)
        self._keyboard, self._as_json = keyboard, as_json
        self._above = self.shown and sys.stdout.isatty()
        self._heard = ""
        self._printing = threading.Lock()
        self._notes = Notes(file) if file else None

    def ready(self, text: str) -> None:
        """Turns can be taken from now on."""
        self.said = text
        self.event("ready")

    def tell(self, told: Told) -> None:
        """Show what happened, and keep it."""
        if self._as_json:
            self._object(as_object(told))
        else:
            self._show(told)
        if self._notes and isinstance(told, Asked | Reply) and (problem := self._notes.add(told)):
            self.say(problem)

    def lines(self) -> Text:
        """What is being typed, else what is being said."""
        typed = self._keyboard.line
        return Text(f"> {typed}▏") if typed or not self._heard else Text(self._heard, "dim italic")

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
            self.said = "Listening." if told.on else "Not listening: say “start listening”, or type."
        elif isinstance(told, Asked):
            self._heard, self.said = "", "" if told.request else "Looking it up."
            self._print(Text(f"You: {told.text}", "bold"))
        elif isinstance(told, Reply):
            self.said = ""
            self._print(Text(told.text))
            if told.answer is not None:
                self._print(Text(f"     {source(told)}", "dim"))

    def _print(self, text: Text) -> None:
        if self._above:
            self.console.print(text)
        else:
            print(text.plain, flush=True)


class Notes:
    """A conversation written down as it goes, in a file of the owner's only."""

    def __init__(self, file: Path) -> None:
        from killah.cli.speech.kept import Kept

        self._kept = Kept(file)
        self._text = self._kept.text

    def add(self, told: Asked | Reply) -> str:
        """Write one turn more; a sentence for the owner where that did not go as expected, or nothing."""
        if isinstance(told, Asked):
            turn = f"**You:** {told.text}\n"
        else:
            turn = f"**Killah:** {told.text}\n"
            if told.answer is not None:
                turn += f"\n> {told.answer.quote}\n>\n> — {printable(told.answer.path)}\n"
        self._text += f"\n{turn}" if self._text else turn
        return self._kept.keep(self._text)


def source(reply: Reply) -> str:
    """The document of a reply; the sentence too where the reply is in other words."""
    assert reply.answer is not None
    path = printable(reply.answer.path)
    home = str(Path.home())
    short = f"~{path.removeprefix(home)}" if path.startswith(home + "/") else path
    quote = reply.answer.quote
    marked = quote if quote.startswith(("“", "«", '"')) else f"“{quote}”"
    return short if quote in reply.text else f"{marked} {short}"


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
