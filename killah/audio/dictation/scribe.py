"""What is heard goes into a text: an utterance at the caret, a command as an edit, each one step to undo.

Who holds the text says how: the editor, and `killah dictate`. What is decided about it is decided here.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Literal

from killah.audio.commands import Command
from killah.audio.commands.buffer import Buffer
from killah.audio.commands.editing import does
from killah.audio.commands.tables import Language
from killah.audio.dictation.language import language_of
from killah.audio.dictation.live import Said
from killah.audio.dictation.text import Marked, Written, written
from killah.audio.recognition.ctc import Word, text_of

Taken = Literal["done", "written", "nothing"]
Words = Sequence[Word]

NOT_THERE = "Written down, for there is nothing to do it to."


class Scribe(ABC):
    """Writes into one text. `names` are spellings by what is heard."""

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self.names: Mapping[str, str] = names or {}
        self.capitals = "off"  # as in `written`

    @property
    @abstractmethod
    def _buffer(self) -> Buffer:
        """The text as it stands."""

    @abstractmethod
    def _put(self, text: str) -> None:
        """Put an utterance in place of the selection."""

    @abstractmethod
    def _carry_out(self, command: Command, language: Language) -> bool:
        """Do what was said in `language`; False where there is nothing to do it to."""

    def write(self, words: Words, marked: Sequence[Marked] = ()) -> str:
        """Write down an utterance and return it; what says capitals itself is not `marked`."""
        found = self.written(words, marked if self.capitals == "off" else ())
        self.capitals = found.capitals
        if found.text:
            self._put(found.text)
        return found.text

    def written(self, words: Words, marked: Sequence[Marked] = ()) -> Written:
        """An utterance as it would stand at the caret."""
        start, end = sorted(self._buffer.selection)
        return written(
            words,
            self._buffer.text[:start],
            self._buffer.text[end:],
            language=language_of(text_of(words)),
            capitals=self.capitals,
            names=self.names,
            marked=marked,
        )

    def do(self, said: Said) -> Taken:
        """Do what was said, and what is to be done then.

        A command that there was `nothing` to do for is told so; what can have been none then is `written`.
        """
        taken = self._done(said.words, said.command)
        # What ends a dictation is said again when its time has come.
        if said.command.then and taken == "done" and said.command.name != "transcribe":
            self._done(said.words, said.command.then)
        return taken

    def _done(self, words: Words, command: Command) -> Taken:
        if command.name == "capitals":
            self.capitals = command.value
            return "done"
        if self._carry_out(command, language_of(text_of(words))):
            return "done"
        if command.name == "replace" or (command.said and does(command)):
            self.write(words)  # what is not in the text cannot have been meant as a command
            return "written"
        return "nothing"
