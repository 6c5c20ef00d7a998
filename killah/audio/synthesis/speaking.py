"""Speech out: text is spoken while it is still being written, a sentence at a time, and stops at a word.

    with Speaker() as speaker:
        speaker.begin()
        for piece in pieces:
            speaker.say(piece)
        speaker.finish()
        speaker.wait()      # meanwhile, from any thread: speaker.stop()

Each sentence is a process of its own (`voices`): ending it is silence at once, whatever the program was
doing.
"""

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from killah.audio.synthesis.sentences import Sentences
from killah.audio.synthesis.voices import Manner, Program, program
from killah.errors import KillahError

PATIENCE = 0.03  # seconds between asking a process to end and ending it


@dataclass(frozen=True)
class Utterance:
    """A sentence that is being spoken, and by which voice; none is the program's own."""

    text: str
    voice: str | None


class Speaker:
    """Speaks on a thread of its own until it is closed.

    `manner` may be set at any time and counts from the next sentence on; `began` is called on that thread
    with each sentence as it begins. Raises `KillahError` where there is no speech program or no such voice.
    """

    def __init__(
        self,
        *,
        voice: str | None = None,
        manner: Manner | None = None,
        began: Callable[[Utterance], None] | None = None,
        by: Program | None = None,
    ) -> None:
        self.manner = manner or Manner()
        self._program = by or program()
        self._voice = self._program.voice(voice) if voice else None
        self._began = began
        self._sentences = Sentences()
        self._waiting: deque[str] = deque()
        self._text = 0  # counts texts, so that a sentence knows whether its own is still wanted
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = self._closed = self._busy = False
        self._failure: Exception | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="speaker", daemon=True)
        self._thread.start()

    def begin(self) -> None:
        """A new text: what is left of the one before is not spoken."""
        with self._changed:
            self.stop()
            self._text += 1
            self._stopped = False
            self._failure = None
            self._sentences = Sentences()

    def say(self, piece: str) -> None:
        """Go on with the text; a sentence is spoken when it is complete. Nothing after `stop`."""
        self._add(self._sentences.feed(piece))

    def finish(self) -> None:
        """The text is complete."""
        self._add(self._sentences.finish())

    def speak(self, pieces: Iterable[str]) -> bool:
        """Speak a text as it comes and wait for its end. False if it was stopped."""
        self.begin()
        for piece in pieces:
            if self.stopped:
                break
            self.say(piece)
        self.finish()
        return self.wait()

    def wait(self) -> bool:
        """Until all that was said is spoken; False if it was stopped. Raises `KillahError` if it failed."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or not (self._waiting or self._busy))
            if self._failure:
                raise self._failure
            return not self._stopped

    def stop(self) -> None:
        """Be silent at once and forget the rest of the text. From any thread; returns when it is done."""
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            if self._process:
                _end(self._process)
            self._changed.notify_all()

    @property
    def stopped(self) -> bool:
        """Whether the text was stopped, or could not be spoken."""
        return self._stopped

    def close(self) -> None:
        """Be silent for good."""
        with self._changed:
            self.stop()
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def __enter__(self) -> "Speaker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _add(self, sentences: list[str]) -> None:
        with self._changed:
            if not self._stopped:
                self._waiting += sentences
                self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                self._busy = True
                sentence, text = self._waiting.popleft(), self._text
            try:
                self._speak(sentence, text)
            except Exception as error:  # raised again in the thread that waits
                self._fail(error, text)
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _fail(self, error: Exception, text: int) -> None:
        with self._changed:
            if self._wanted(text):
                self._failure = error
                self.stop()

    def _wanted(self, text: int) -> bool:
        return text == self._text and not self._stopped

    def _speak(self, sentence: str, text: int) -> None:
        manner = self.manner
        voice = self._program.voice_for(sentence, self._voice)
        with self._changed:
            if not self._wanted(text):
                return
            process = self._process = _start(self._program.command(voice, manner))
        if self._began:
            self._began(Utterance(sentence, voice))
        _, errors = process.communicate(self._program.script(sentence, manner).encode())
        with self._changed:
            self._process = None
            wanted = self._wanted(text)
        # espeak-ng succeeds without a sound device, and says on stderr that it failed.
        if wanted and (process.returncode or b"error:" in errors.lower()):
            raise _failed(process, errors)


def _start(command: list[str]) -> "subprocess.Popen[bytes]":
    """A process in a group of its own, so that all of it can be ended and Ctrl-C is ours alone."""
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    try:
        return subprocess.Popen(command, stdin=pipe, stdout=nowhere, stderr=pipe, process_group=0)
    except OSError as error:
        raise KillahError(
            f"{command[0]} cannot be started: {error.strerror}.", "Install it again."
        ) from error


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process and what it has started."""
    if process.poll() is not None:
        return
    with suppress(ProcessLookupError, PermissionError):  # it has just ended
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _failed(process: "subprocess.Popen[bytes]", errors: bytes) -> KillahError:
    hint = "`killah speak --output FILE.wav` needs no sound output."
    if process.returncode == 0:
        return KillahError("This machine has no sound output.", hint)
    said = errors.decode(errors="replace").strip().splitlines()
    why = said[-1].strip(" .") if said else f"exit code {process.returncode}"
    return KillahError(f"Nothing could be spoken: {why}.", hint)
