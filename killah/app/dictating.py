"""Dictation in the editor: listening begins and ends, and voice commands reach what they are about."""

from collections.abc import Callable

from textual.app import App

from killah.app.hearing import Ended, Hearing, Lost, Ready, Told
from killah.app.preview import Preview
from killah.app.protocol import Engine
from killah.app.reading import Reading
from killah.app.scribe import Scribe, Taken
from killah.app.text_area import GhostTextArea
from killah.audio.commands import Command
from killah.audio.commands.describing import described
from killah.audio.commands.editing import about
from killah.audio.dictation.live import Event, Final, Partial, Said, Silence
from killah.audio.dictation.marked import with_marks
from killah.audio.dictation.scribe import NOT_THERE
from killah.audio.recognition.ctc import text_of
from killah.audio.synthesis.voices import CHANGES
from killah.errors import KillahError

SHOWN = 40  # characters of what is being said, in the status bar
ANSWERS = ("accept", "next", "reject", "stop", "stop_listening", "start_listening")


class Dictating:
    """Voice for one text area. All methods run on the UI thread, except `_tell`."""

    def __init__(
        self,
        app: App,
        area: GhostTextArea,
        engine: Engine,
        device: str | None,
        complain: Callable[[KillahError], None],
        changed: Callable[[], None],
    ) -> None:
        self._app = app
        self._area = area
        self._engine = engine
        self._device = device
        self._complain = complain
        self._changed = changed
        self._scribe = Scribe(area, self._do)
        self._reading = Reading(area, self._read)
        self._hearing: Hearing | None = None
        self._state = ""  # for the status bar, while nothing is said
        self._awake = True  # "stop listening" was not said
        self._last = ""  # the last command

    @property
    def label(self) -> str:
        """For the status bar: whether somebody listens, and what is being said; or nothing."""
        if self._hearing is None:
            return ""
        if self._reading.running:
            return "reading aloud, Esc stops"
        if self._state:
            return self._state
        if not self._awake:
            return "○ say “start listening”"
        said = self._scribe.partial or self._last or "listening"
        return "● " + (said if len(said) <= SHOWN else "…" + said[1 - SHOWN :])

    def toggle(self) -> None:
        """Begin to listen, or stop after what was said so far."""
        if self._hearing is None:
            self._state, self._awake, self._last = "◌ opening the microphone", True, ""
            self._hearing = Hearing(self._engine.ear, self._marked, self._device, self._tell)
        else:
            self._hearing.stop()
            self._state = "◌ closing the microphone"
        self._changed()

    def hush(self) -> None:
        """Stop reading aloud."""
        self._reading.stop()

    def close(self) -> None:
        """The editor ends: let the microphone go."""
        self._reading.close()
        if self._hearing is not None:
            self._hearing.close()

    def _tell(self, hearing: Hearing, told: Told) -> None:
        self._area.call_later(self._told, hearing, told)

    def _told(self, hearing: Hearing, told: Told) -> None:
        if hearing is self._hearing:
            self.take(told)

    # What happens -----------------------------------------------------------------------------------

    def take(self, told: Told) -> None:
        """What the microphone and the ear tell, one after the other."""
        if isinstance(told, Ended):
            self._hearing = None
            self._scribe.forget()
            if told.error is not None:
                self._complain(told.error)
        elif isinstance(told, Ready):
            self._state, self._scribe.names = "", told.names
        elif isinstance(told, Lost):
            self._warn("Some sound was lost: this machine is too busy.")
        elif isinstance(told, Partial | Final | Said | Silence):
            self._heard(told)
        else:
            self._state = "microphone is gone" if told.kind == "lost" else ""
            self._warn(told.text, told.kind in ("lost", "silent"))
        self._changed()

    def _heard(self, event: Partial | Final | Said | Silence) -> None:
        said = "" if isinstance(event, Silence) else text_of(event.words)
        self._last = (described(event.command) or said) if isinstance(event, Said) else ""
        if self._asked and not (isinstance(event, Said) and event.command.name in ANSWERS):
            if isinstance(event, Final | Said) and said:
                self._warn(f"Not written while there is a question: {said}")
        else:
            self._tell_taken(event, said, self._scribe.take(event))

    def _tell_taken(self, event: Event, said: str, taken: Taken) -> None:
        """Say what was understood of an instruction in free words, and what could not be done."""
        if taken == "nothing":
            self._warn(f"Nothing to do for “{said}”.")
        elif isinstance(event, Said) and event.command.said:
            self._warn(NOT_THERE if taken == "written" else self._last, wrong=False)

    def _marked(self, event: Final) -> Final:
        """Words with marks and capitals, behind what stands before the caret now; not on the UI's thread."""
        buffer = self._area.buffer
        before = buffer.text[: min(buffer.selection)]
        return with_marks(event, self._engine, before, self._scribe.names)

    @property
    def _asked(self) -> bool:
        """Whether something stands before the text: the preview, or a question."""
        return len(self._app.screen_stack) > 1

    def _warn(self, message: str, wrong: bool = True) -> None:
        self._app.notify(message, severity="warning" if wrong else "information", markup=False)

    # Commands ---------------------------------------------------------------------------------------

    def _do(self, command: Command) -> bool:
        """What is no edit; False where there is nothing to do it to."""
        name = command.name
        if name in ("stop_listening", "start_listening"):
            self._awake = name == "start_listening"
        elif isinstance(self._app.screen, Preview):
            return self._answer(self._app.screen, name)
        elif name in ("continue", "stop"):
            self._run(name)
        elif name in ("rephrase", "summarise", "rewrite"):
            return self._rewrite(command)
        elif name == "transcribe":
            return True  # the microphone's side does it
        elif name in CHANGES:
            self._reading.change(name)
        elif name == "read":
            return self._read_aloud(command)
        else:
            return self._take(command)
        return True

    def _run(self, action: str) -> None:
        self._app.call_later(self._app.run_action, action)

    def _answer(self, preview: Preview, name: str) -> bool:
        answers = {
            "accept": lambda: preview.action_accept(0),
            "next": preview.action_another,
            "reject": preview.action_keep,
            "stop": preview.action_keep,
        }
        if name in answers:
            answers[name]()
        return name in answers

    def _take(self, command: Command) -> bool:
        """Ghost text: all of it, a word of it, another, or none."""
        actions: dict[tuple[str, str], Callable[[], object]] = {
            ("accept", "word"): self._area.action_accept_word,
            ("accept", ""): self._area.action_accept,
            ("next", ""): lambda: self._run("another"),
            ("reject", ""): self._area.action_dismiss,
        }
        action = actions.get((command.name, command.unit))
        if action is None or not self._area.offered:
            return False
        action()
        return True

    def _rewrite(self, command: Command) -> bool:
        found = about(command, self._area.buffer)
        if found is None:
            return False
        self._area.select(*found)
        task = "summarise" if command.name == "summarise" else "rephrase"
        self._run(f"rewrite('{task}', True, '{command.value if task == 'rephrase' else ''}')")
        return True

    def _read_aloud(self, command: Command) -> bool:
        found = about(command, self._area.buffer)
        if found is None:
            return False
        self._pause(True)
        try:
            self._reading.read(self._area.text[slice(*found)])
        except KillahError as error:
            self._read(error)
        return True

    def _read(self, error: KillahError | None) -> None:
        """Nothing is read aloud any more."""
        self._pause(False)
        if error is not None:
            self._complain(error)
        self._changed()

    def _pause(self, paused: bool) -> None:
        if self._hearing is not None:
            self._hearing.pause(paused)
