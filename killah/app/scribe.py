"""What is heard goes into the text: utterances at the caret, commands as edits; each is one step to undo."""

import time
from collections.abc import Callable, Mapping

from killah.app.text_area import GhostTextArea
from killah.audio.commands import Command
from killah.audio.commands.editing import EDITS, change
from killah.audio.ctc import Word
from killah.audio.dictation import Event, Final, Partial, Said
from killah.audio.dictation_text import Written, written
from killah.audio.language import language_of

Words = tuple[Word, ...]


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

    def take(self, event: Event) -> bool:
        """Show, write down or do what was heard; False for a command that there was nothing to do for."""
        if isinstance(event, Partial):
            text = self._written(event.words).text
            self.partial = "" if self._area.show_said(text) else text.strip()
        elif isinstance(event, Final):
            self._write(event.words)
            self._open = not event.ends
        elif isinstance(event, Said):
            self.forget()
            return self._do(event)
        return True

    def forget(self) -> None:
        """Words that were not final are not coming any more."""
        self.partial = ""
        self._area.show_said("")

    def _write(self, words: Words) -> None:
        self.forget()
        found = self._written(words)
        self._capitals = found.capitals
        if not found.text:
            return
        if not self._open:
            self._area.history.begin()
        self._area.key_time = time.monotonic()
        self._area.add_piece(found.text, "dictated")

    def _written(self, words: Words) -> Written:
        buffer = self._area.buffer
        start, end = sorted(buffer.selection)
        return written(
            words,
            buffer.text[:start],
            buffer.text[end:],
            language=language_of(_text(words)),
            capitals=self._capitals,
            names=self.names,
        )

    def _do(self, event: Said) -> bool:
        command = event.command
        if command.name in EDITS:
            return self._edit(event)
        if command.name in ("undo", "redo"):
            return self._step(command)
        if command.name == "capitals":
            self._capitals = command.value
            return True
        return self._other(command)

    def _edit(self, event: Said) -> bool:
        area = self._area
        turn = area.history.begin()
        found = change(event.command, area.buffer, language_of(_text(event.words)), turn)
        if found is not None:
            area.change(found)
        elif event.command.name == "replace":  # what is not in the text cannot have been meant as a command
            self._write(event.words)
        else:
            return False
        return True

    def _step(self, command: Command) -> bool:
        back = command.name == "undo"
        there = self._area.history.undo_stack if back else self._area.history.redo_stack
        for _ in range(command.count):
            (self._area.undo if back else self._area.redo)()
        return bool(there)


def _text(words: Words) -> str:
    return " ".join(word.text for word in words)
