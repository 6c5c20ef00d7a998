"""What is heard, in a document: what writes new text (continue, rephrase, summarise) asks the engine.

What the engine answers is one step to undo too. Commands about ghost text, speech and the microphone are not
for here: they are told back as not done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from killah.audio.commands import Command
from killah.audio.commands.buffer import Buffer
from killah.audio.commands.describing import described
from killah.audio.commands.document import Document
from killah.audio.commands.editing import about, does
from killah.audio.commands.tables import Language
from killah.audio.dictation import scribe
from killah.audio.dictation.live import Event, Final, Said
from killah.audio.dictation.marked import with_marks
from killah.audio.dictation.scribe import NOT_THERE, Words
from killah.audio.dictation.text import Marked
from killah.engine.engine import Engine
from killah.engine.instructing import rewritten
from killah.errors import KillahError

REWRITING = ("rephrase", "summarise", "rewrite")


@dataclass(frozen=True)
class Outcome:
    """What became of an event: the text that was put, or whether a command found something to do.

    `told` is what was understood of an instruction in free words, or why it was not done.
    """

    text: str = ""
    done: bool = True
    told: str = ""


class Scribe(scribe.Scribe):
    """Writes into `document`; without an engine, commands that ask for new text are not done."""

    def __init__(
        self, document: Document, engine: Engine | None = None, names: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(names)
        self.document = document
        self._engine = engine
        self._text = self._why = ""  # what an event has put, and why it was not done

    def take(self, event: Event) -> Outcome | None:
        """Write down or do what was heard; None for what changes nothing (partial words, silence)."""
        self._text = self._why = ""
        if isinstance(event, Final) and event.words:
            return Outcome(self.write(event.words))
        if not isinstance(event, Said):
            return None
        taken, told = self.do(event), described(event.command)
        if taken == "written":
            told = NOT_THERE
        elif taken == "nothing":
            told = self._why or (told and f"Nothing to do: {told}.")
        return Outcome(self._text, taken == "done", told)

    @property
    def _buffer(self) -> Buffer:
        return self.document.buffer

    def write(self, words: Words, marked: Sequence[Marked] = ()) -> str:
        """Write down an utterance, marked where there is a model for that and nobody said how."""
        if self._engine is not None and self.capitals == "off":
            before = self._buffer.text[: min(self._buffer.selection)]
            marked = with_marks(Final(tuple(words), 0.0), self._engine, before, self.names).marked
        return super().write(words, marked)

    def _put(self, text: str) -> None:
        self.document.put(text, "dictated")
        self._text = text

    def _carry_out(self, command: Command, language: Language) -> bool:
        self.document.language = language
        if command.name == "continue":
            return self._continue()
        if command.name in REWRITING and not does(command):
            return self._rewrite(command)
        return command.name == "transcribe" or self.document.do(command)

    def _continue(self) -> bool:
        if self._engine is None:
            return False
        self._generate("".join(self._engine.continuation(self._buffer.text[: self._buffer.caret])))
        return True

    def _rewrite(self, command: Command) -> bool:
        found = about(command, self._buffer, self.document.language)
        if self._engine is None or found is None:
            return False
        old = self._buffer.text[slice(*found)]
        if not command.said:
            text = "".join(self._engine.rewrite(command.name, old))
        else:
            try:
                text = rewritten(self._engine, command, old)
            except KillahError as error:
                self._why = str(error)
                return False
        self.document.select(*found)
        self._generate(text)
        return True

    def _generate(self, text: str) -> None:
        self.document.put(text, "generated")
        self._text = text
