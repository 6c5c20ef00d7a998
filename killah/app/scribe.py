"""What is heard goes into the text: utterances at the caret, commands as edits; each is one step to undo."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from killah.app.text_area import GhostTextArea
from killah.audio.commands import Command
from killah.audio.commands.editing import change, does
from killah.audio.dictation.language import language_of
from killah.audio.dictation.live import Event, Final, Partial, Said
from killah.audio.dictation.text import Marked, Written, written
from killah.audio.recognition.ctc import Word

Words = tuple[Word, ...]
Taken = Literal["done", "written", "nothing"]


class Scribe:
    """Writes into one text area, on the UI thread.

    Commands that are no edits are for `other`, which says whether it found something to do.
    """

    def __init__(self, area: GhostTextArea, other: Callable[[Command], bool]) -> None:
        self.partial = ""  # words that are not in the text yet, and that the text area does not show
        self.names: Mapping[str, str] = {}  # spellings by what is heard
        self._area = area
        self._other = other
        self._capitals = "off"
        self._open = False  # a part of the utterance is in the text already

    def take(self, event: Event) -> Taken:
        """Show, write down or do what was heard.

        A command that there was `nothing` to do for is told so; what can have been none then is `written`.
        """
        if isinstance(event, Partial):
            text = self._written(event.words).text
            self.partial = "" if self._area.show_said(text) else text.strip()
        elif isinstance(event, Final):
            self._write(event.words, event.marked)
            self._open = not event.ends
        elif isinstance(event, Said):
            self.forget()
            return self._do(event)
        return "done"

    def forget(self) -> None:
        """Words that were not final are not coming any more."""
        self.partial = ""
        self._area.show_said("")

    def _write(self, words: Words, marked: Sequence[Marked] = ()) -> None:
        self.forget()
        found = self._written(words, marked if self._capitals == "off" else ())
        self._capitals = found.capitals
        if not found.text:
            return
        if not self._open:
            self._area.history.begin()
        self._area.key_time = time.monotonic()
        self._area.add_piece(found.text, "dictated")

    def _written(self, words: Words, marked: Sequence[Marked] = ()) -> Written:
        buffer = self._area.buffer
        start, end = sorted(buffer.selection)
        return written(
            words,
            buffer.text[:start],
            buffer.text[end:],
            language=language_of(_text(words)),
            capitals=self._capitals,
            names=self.names,
            marked=marked,
        )

    def _do(self, event: Said) -> Taken:
        taken = self._done(event.words, event.command)
        # What ends a dictation is said again when its time has come.
        if event.command.then and taken == "done" and event.command.name != "transcribe":
            self._done(event.words, event.command.then)
        return taken

    def _done(self, words: Words, command: Command) -> Taken:
        if does(command):
            return self._edit(words, command)
        if command.name == "capitals":
            self._capitals = command.value
            return "done"
        found = self._step(command) if command.name in ("undo", "redo") else self._other(command)
        return "done" if found else "nothing"

    def _edit(self, words: Words, command: Command) -> Taken:
        area = self._area
        turn = area.history.begin()
        found = change(command, area.buffer, language_of(_text(words)), turn)
        if found is not None:
            area.change(found)
            return "done"
        if command.name != "replace" and not command.said:
            return "nothing"
        self._write(words)  # what is not in the text cannot have been meant as a command
        return "written"

    def _step(self, command: Command) -> bool:
        back = command.name == "undo"
        there = self._area.history.undo_stack if back else self._area.history.redo_stack
        for _ in range(command.count):
            (self._area.undo if back else self._area.redo)()
        return bool(there)


def _text(words: Words) -> str:
    return " ".join(word.text for word in words)
