"""What is heard becomes text: utterances are put into a document, commands are carried out on it.

Edits are the document's own; what writes new text (continue, rephrase, summarise) asks the engine, and what
it answers is one step to undo too. An instruction in free words that there is nothing to do for was none, and
is written down. Commands about ghost text, speech and the microphone are not for here: they are told back as
not done.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from killah.audio.commands import Command
from killah.audio.commands.describing import described
from killah.audio.commands.document import Document
from killah.audio.commands.editing import about, does
from killah.audio.dictation.language import language_of
from killah.audio.dictation.live import Event, Final, Said
from killah.audio.dictation.marked import with_marks
from killah.audio.dictation.text import Marked, written
from killah.audio.recognition.ctc import text_of
from killah.engine.engine import Engine
from killah.engine.instructing import rewritten
from killah.errors import KillahError

NOT_THERE = "Written down, for there is nothing to do it to."
REWRITING = ("rephrase", "summarise", "rewrite")


@dataclass(frozen=True)
class Outcome:
    """What became of an event: the text that was put, or whether a command found something to do.

    `told` is what was understood of an instruction in free words, or why it was not done.
    """

    text: str = ""
    done: bool = True
    told: str = ""


class Scribe:
    """Writes into `document`; without an engine, commands that ask for new text are not done.

    `names` are spellings by what is heard.
    """

    def __init__(
        self, document: Document, engine: Engine | None = None, names: Mapping[str, str] | None = None
    ) -> None:
        self.document = document
        self._engine, self._names = engine, names
        self._capitals = "off"

    def take(self, event: Event) -> Outcome | None:
        """Write down or do what was heard; None for what changes nothing (partial words, silence)."""
        if isinstance(event, Final) and event.words:
            return self._write(event)
        if isinstance(event, Said):
            return self._do(event)
        return None

    def _write(self, event: Final) -> Outcome:
        start, end = sorted(self.document.buffer.selection)
        text = self.document.text
        language = language_of(text_of(event.words))
        found = written(
            event.words,
            text[:start],
            text[end:],
            language=language,
            capitals=self._capitals,
            names=self._names,
            marked=self._marked(event, text[:start]),
        )
        self._capitals = found.capitals
        self.document.language = language
        self.document.put(found.text, "dictated")
        return Outcome(found.text)

    def _marked(self, event: Final, before: str) -> tuple[Marked, ...]:
        """How the words are written, where there is a model for that and nobody said how."""
        if self._engine is None or self._capitals != "off":
            return ()
        return with_marks(event, self._engine, before, self._names or {}).marked

    def _do(self, event: Said) -> Outcome:
        if event.words:
            self.document.language = language_of(text_of(event.words))
        outcome = self._done(event, event.command)
        # What ends a dictation is said again when its time has come.
        if event.command.then and outcome.done and event.command.name != "transcribe":
            self._done(event, event.command.then)
        return outcome

    def _done(self, event: Said, command: Command) -> Outcome:
        told = described(command)
        if command.name == "capitals":
            self._capitals = command.value
        elif command.name == "continue":
            return self._continue(told)
        elif command.name in REWRITING and not does(command):
            return self._rewrite(command, told)
        elif command.name != "transcribe" and not self.document.do(command):
            return self._not_done(event, command, told)
        return Outcome(told=told)

    def _not_done(self, event: Said, command: Command, told: str) -> Outcome:
        """What is not in the text cannot have been meant: such a command was dictated."""
        if command.name == "replace" or (command.said and does(command)):
            return replace(self._write(Final(event.words, event.at)), done=False, told=NOT_THERE)
        return Outcome(done=False, told=f"Nothing to do: {told}." if told else "")

    def _continue(self, told: str) -> Outcome:
        if self._engine is None:
            return Outcome(done=False)
        caret = self.document.buffer.caret
        text = "".join(self._engine.continuation(self.document.text[:caret]))
        self.document.put(text, "generated")
        return Outcome(text, told=told)

    def _rewrite(self, command: Command, told: str) -> Outcome:
        found = about(command, self.document.buffer, self.document.language)
        if self._engine is None or found is None:
            return Outcome(done=False)
        old = self.document.text[slice(*found)]
        if not command.said:
            text = "".join(self._engine.rewrite(command.name, old))
        else:
            try:
                text = rewritten(self._engine, command, old)
            except KillahError as error:
                return Outcome(done=False, told=str(error))
        self.document.select(*found)
        self.document.put(text, "generated")
        return Outcome(text, told=told)
