"""`killah talk`: ask about your documents, aloud or in writing, and be answered aloud and in writing."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from killah.cli.speech.options import Device, Encoder, Recording
from killah.cli.streaming import Model
from killah.errors import KillahError

if TYPE_CHECKING:
    import numpy as np

    from killah.audio.dictation.live import Dictation
    from killah.cli.speech.conversation_page import ConversationPage
    from killah.cli.speech.keys import Keyboard
    from killah.engine.engine import Engine
    from killah.engine.hearing.ear import Ear
    from killah.engine.talking.conversation import Told
    from killah.engine.talking.lookup import Libraries
    from killah.engine.talking.mouth import Mouth


LOADING = 8_000  # samples of silence that are heard first, which loads the encoder


def register(app: typer.Typer) -> None:
    """Add `talk` to the root."""
    app.command("talk", epilog='Example: killah talk --text "where did I leave the keys"')(talk)


def talk(
    text: Annotated[str | None, typer.Option("--text", "-t", help="One question, and its answer.")] = None,
    typed: Annotated[
        bool, typer.Option("--typed", help="No microphone: a question a line, from stdin.")
    ] = False,
    voice: Annotated[
        bool, typer.Option("--voice/--no-voice", help="Say answers, or only write them.")
    ] = True,
    headphones: Annotated[
        bool, typer.Option("--headphones", help="You wear some: whatever you say ends the voice at once.")
    ] = False,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="Write the conversation down, as Markdown.")
    ] = None,
    recording: Recording = None,
    device: Device = None,
    persona: Annotated[str | None, typer.Option(help="Whose documents; the persona of the settings.")] = None,
    model: Model = None,
    encoder: Encoder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print events, one JSON object a line.")] = False,
) -> None:
    """Ask about your indexed documents, and be answered aloud.

    The answer is a sentence of theirs, with the document it is from. What is not in them is not answered; a
    base of a billion parameters or more puts answers in its own words, from the passage. Say or type
    "repeat", "next one", "read that passage", "where is that from", "louder", "slower", "stop", "stop
    listening", "goodbye", in English or Russian. Ctrl-C ends.

    Any key ends the voice, and so do you by speaking. Killah cannot cancel echo: with --headphones any speech
    ends it at once; without, the microphone hears the voice too, so it goes on until words are heard that are
    not its own.

    With --text the exit code is 1 where there is no answer.
    """
    from killah.cli.speech.conversation_page import ConversationPage
    from killah.cli.speech.keys import Keyboard
    from killah.cli.speech.sound import killed_cleanly, live, recorded
    from killah.cli.streaming import engine_for
    from killah.config import load
    from killah.engine.talking.lookup import Libraries

    settings = load()
    libraries = Libraries.open(persona or settings.persona, settings.embedder)
    with ExitStack() as stack:
        stack.enter_context(killed_cleanly())
        hears = persona if text is None and not typed else "none"  # the ear expects a persona's names
        engine = stack.enter_context(engine_for(model, hears, encoder=encoder))
        keyboard = Keyboard(lambda: session.talk.key())  # noqa: PLW0108 - the session is made later
        page = stack.enter_context(ConversationPage(keyboard, live=text is None, as_json=as_json, file=file))
        session = Session(libraries, engine, page, voice=voice, headphones=headphones)
        stack.callback(session.close)
        stack.enter_context(keyboard)
        try:
            if text is not None:
                session.talk.typed(text)
            elif typed:
                session.read(keyboard)
            else:
                session.load()
                sound = recorded(recording) if recording else live(device or settings.microphone, page.say)
                blocks = stack.enter_context(sound)(page.level)
                session.listen(blocks, keyboard, patient=recording is not None)
            session.finish()
        except KeyboardInterrupt:
            if text is not None:
                raise
        session.close()
        page.event("end")
        if text is not None and not session.answered:
            raise typer.Exit(1)


class Session:
    """One conversation between the terminal, the microphone and the voice."""

    def __init__(
        self,
        libraries: "Libraries",
        engine: "Engine",
        page: "ConversationPage",
        *,
        voice: bool,
        headphones: bool,
    ) -> None:
        from killah.engine.talking.answering import Answering
        from killah.engine.talking.conversation import Talk
        from killah.engine.talking.phrasing import Phrasing

        self.answered = False
        self._libraries, self._engine, self._page = libraries, engine, page
        self._ear: Ear  # once it is loaded
        self._dictation: Dictation | None = None
        self._mouth = self._opened() if voice else None
        self.talk = Talk(
            Answering(libraries),
            self._mouth,
            self._tell,
            headphones=headphones,
            phrase=Phrasing(engine).phrase,
        )

    def read(self, keyboard: "Keyboard") -> None:
        """Take lines as turns until there are no more; those of a pipe wait for the voice."""
        self._page.ready("Type a question. Ctrl-C ends.")
        for line in iter(keyboard.lines.get, None) if keyboard.there else sys.stdin:
            self.talk.typed(line.rstrip("\n"))
            if not keyboard.there:
                self.finish()
            if self.talk.over:
                return

    def load(self) -> None:
        """Load what hears and what finds, so that the first question waits for neither."""
        import numpy as np

        self._ear = self._engine.ear()
        self._ear.draft(np.zeros(LOADING, np.float32))
        self._libraries.embedder.encode(["ready"])

    def listen(self, sound: "Iterator[np.ndarray]", keyboard: "Keyboard", *, patient: bool = False) -> None:
        """Take what is said and typed until goodbye; a `patient` sound waits for the voice."""
        from killah.audio.dictation.live import Dictation
        from killah.engine.talking.conversation import Noticing
        from killah.engine.talking.requests import understand

        self._page.ready("Ask aloud, or type. Ctrl-C ends.")
        self._dictation = Dictation(self._ear, understand, Noticing(self.talk.began))
        for samples in sound:
            for event in self._dictation.feed(samples):
                self.talk.hear(event)
            if patient:
                self.finish()
            if not self._typed(keyboard) or self.talk.over:
                return
        for event in self._dictation.finish():
            self.talk.hear(event)

    def finish(self) -> None:
        """Wait until all is said."""
        if self._mouth is not None:
            self._mouth.wait()

    def close(self) -> None:
        """Be silent."""
        if self._mouth is not None:
            self._mouth.close()

    def _typed(self, keyboard: "Keyboard") -> bool:
        """Take the lines that were typed meanwhile; False at their end."""
        while not keyboard.lines.empty():
            if (line := keyboard.lines.get()) is None:
                return False
            self.talk.typed(line)
        return True

    def _opened(self) -> "Mouth | None":
        from killah.engine.talking.mouth import Mouth

        try:
            return Mouth(began=lambda text: self._page.event("speaking", text=text), ended=self._ended)
        except KillahError as error:
            self._page.say(f"{error} Answers are only written.")
            return None

    def _ended(self, error: KillahError | None) -> None:
        """The voice has ended; one that cannot speak is not asked again."""
        if error is not None:
            self.talk.mute()
            self._page.say(f"{error} Answers are only written.")
        self._page.event("silent")

    def _tell(self, told: "Told") -> None:
        from killah.engine.talking.conversation import Listening, Reply

        if isinstance(told, Reply):
            self.answered = told.known
        elif isinstance(told, Listening) and self._dictation is not None:
            self._dictation.listening = told.on
        self._page.tell(told)
