"""A text that is written by voice and by hand: every command and every utterance is one step to undo."""

from dataclasses import dataclass, replace

from killah.audio.commands import editing
from killah.audio.commands.buffer import Buffer, Change, Edit, Source, applied
from killah.audio.commands.grammar import Command
from killah.audio.commands.tables import Language

STEPS = 1000  # what can be undone


@dataclass(frozen=True)
class _Step:
    """The buffers on both sides of a change, their texts left out, and how to get from one to the other."""

    before: Buffer
    change: Change
    back: Change
    after: Buffer


class Document:
    """A buffer with its history. `killah dictate` writes into one; the editor has a text of its own."""

    def __init__(self, text: str = "", language: Language = "en") -> None:
        self.buffer = Buffer(text, (len(text), len(text)))
        self.language: Language = language
        self._turn = 0
        self._done: list[_Step] = []
        self._undone: list[_Step] = []

    @property
    def text(self) -> str:
        """The whole text."""
        return self.buffer.text

    def put(self, text: str, source: Source = "typed") -> None:
        """Put an utterance, generated text or what was typed in place of the selection."""
        start, end = sorted(self.buffer.selection)
        self._turn += 1
        caret = start + len(text)
        turn = 0 if source == "typed" else self._turn
        self._do(Change((Edit(start, end, text, source, turn),), (caret, caret)))

    def do(self, command: Command) -> bool:
        """Carry out an edit, undo or redo; False where there was nothing to do it to, or it is neither."""
        if command.name in ("undo", "redo"):
            return sum(self._step(command.name == "undo") for _ in range(command.count)) > 0
        if not editing.does(command):
            return False
        self._turn += 1
        change = editing.change(command, self.buffer, self.language, self._turn)
        if change is None:
            return False
        self._do(change)
        return True

    def select(self, start: int, end: int) -> None:
        """Move the caret to `end`, and the beginning of the selection to `start`; no step of its own."""
        self.buffer = replace(self.buffer, selection=(start, end))

    def _do(self, change: Change) -> None:
        if not change.edits:
            self.buffer = replace(self.buffer, selection=change.selection)
            return
        before, self.buffer = self.buffer, applied(self.buffer, change)
        back = _inverse(before, change)
        step = _Step(replace(before, text=""), change, back, replace(self.buffer, text=""))
        self._done = [*self._done[1 - STEPS :], step]
        self._undone.clear()

    def _step(self, back: bool) -> bool:
        taken, given = (self._done, self._undone) if back else (self._undone, self._done)
        if not taken:
            return False
        step = taken.pop()
        given.append(step)
        text = applied(replace(self.buffer, spans=()), step.back if back else step.change).text
        self.buffer = replace(step.before if back else step.after, text=text)
        return True


def _inverse(before: Buffer, change: Change) -> Change:
    """Puts back what a change of `before` took away; the first place first, so that offsets hold."""
    edits = [
        Edit(edit.start, edit.start + len(edit.text), before.text[edit.start : edit.end], None)
        for edit in reversed(change.edits)
    ]
    return Change(tuple(edits), before.selection)
