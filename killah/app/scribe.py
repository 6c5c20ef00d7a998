"""What is heard, in the editor's text area: also what is being said, before it is final."""

import time
from collections.abc import Callable

from killah.app.text_area import GhostTextArea
from killah.audio.commands import Command
from killah.audio.commands.buffer import Buffer
from killah.audio.commands.editing import change, does
from killah.audio.commands.tables import Language
from killah.audio.dictation import scribe
from killah.audio.dictation.live import Event, Final, Partial, Said
from killah.audio.dictation.scribe import Taken


class Scribe(scribe.Scribe):
    """Writes into one text area, on the UI thread.

    Commands that are no edits are for `other`, which says whether it found something to do.
    """

    def __init__(self, area: GhostTextArea, other: Callable[[Command], bool]) -> None:
        super().__init__()
        self.partial = ""  # words that are not in the text yet, and that the text area does not show
        self._area = area
        self._other = other
        self._open = False  # a part of the utterance is in the text already

    def take(self, event: Event) -> Taken:
        """Show, write down or do what was heard; see `do`."""
        if isinstance(event, Partial):
            text = self.written(event.words).text
            self.partial = "" if self._area.show_said(text) else text.strip()
        elif isinstance(event, Final):
            self.forget()
            self.write(event.words, event.marked)
            self._open = not event.ends
        elif isinstance(event, Said):
            self.forget()
            return self.do(event)
        return "done"

    def forget(self) -> None:
        """Words that were not final are not coming any more."""
        self.partial = ""
        self._area.show_said("")

    @property
    def _buffer(self) -> Buffer:
        return self._area.buffer

    def _put(self, text: str) -> None:
        if not self._open:  # the parts of one utterance are one step to undo
            self._area.history.begin()
        self._area.key_time = time.monotonic()
        self._area.add_piece(text, "dictated")

    def _carry_out(self, command: Command, language: Language) -> bool:
        if not does(command):
            return self._step(command) if command.name in ("undo", "redo") else self._other(command)
        turn = self._area.history.begin()
        found = change(command, self._area.buffer, language, turn)
        if found is not None:
            self._area.change(found)
        return found is not None

    def _step(self, command: Command) -> bool:
        back = command.name == "undo"
        there = self._area.history.undo_stack if back else self._area.history.redo_stack
        for _ in range(command.count):
            (self._area.undo if back else self._area.redo)()
        return bool(there)
