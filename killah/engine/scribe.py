"""What is heard becomes text: utterances are put into a document, commands are carried out on it.

Edits are the document's own; what writes new text (continue, rephrase, summarise) asks the engine, and what
it answers is one step to undo too. Commands about ghost text, speech and the microphone are not for here:
they are told back as not done.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from killah.audio.commands import Command
from killah.audio.commands.document import Document
from killah.audio.commands.editing import target
from killah.audio.dictation import Event, Final, Said
from killah.audio.dictation_text import written
from killah.audio.language import language_of
from killah.engine.engine import Engine

REWRITING = {"rephrase": "rephrase", "summarise": "summarise"}  # commands, and the tasks that do them


@dataclass(frozen=True)
class Outcome:
    """What became of an event: the text that was put, or whether a command found something to do."""

    text: str = ""
    done: bool = True


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
        language = language_of(" ".join(word.text for word in event.words))
        found = written(
            event.words,
            text[:start],
            text[end:],
            language=language,
            capitals=self._capitals,
            names=self._names,
        )
        self._capitals = found.capitals
        self.document.language = language
        self.document.put(found.text, "dictated")
        return Outcome(found.text)

    def _do(self, event: Said) -> Outcome:
        command = event.command
        if command.name == "capitals":
            self._capitals = command.value
            return Outcome()
        if command.name == "continue":
            return self._continue()
        if command.name in REWRITING:
            return self._rewrite(command)
        if self.document.do(command):
            return Outcome()
        if command.name == "replace":  # what is not in the text cannot have been meant as a command
            return self._write(Final(event.words, event.at))
        return Outcome(done=False)

    def _continue(self) -> Outcome:
        if self._engine is None:
            return Outcome(done=False)
        caret = self.document.buffer.caret
        text = "".join(self._engine.continuation(self.document.text[:caret]))
        self.document.put(text, "generated")
        return Outcome(text)

    def _rewrite(self, command: Command) -> Outcome:
        found = target(command.unit or "that", command.count, self.document.buffer)
        if self._engine is None or found is None:
            return Outcome(done=False)
        text = "".join(self._engine.rewrite(REWRITING[command.name], self.document.text[slice(*found)]))
        self.document.select(*found)
        self.document.put(text, "generated")
        return Outcome(text)
