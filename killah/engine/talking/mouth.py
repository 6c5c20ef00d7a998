"""The voice of a conversation: one text at a time, ended at a word, and taken up again where it was ended."""

import threading
import time
from collections.abc import Callable

from killah.audio.synthesis.speaking import Speaker, Utterance
from killah.audio.synthesis.voices import Manner, Program
from killah.errors import KillahError


class Mouth:
    """Says texts without waiting; a context manager.

    `ended` is called on another thread when a text was said to its end or ended before, with the error where
    it could not be said. Raises `KillahError` where there is no speech program or no such voice.
    """

    def __init__(
        self,
        *,
        voice: str | None = None,
        manner: Manner | None = None,
        began: Callable[[str], None] = lambda _: None,
        ended: Callable[[KillahError | None], None] = lambda _: None,
        by: Program | None = None,
    ) -> None:
        self.text = ""  # what is said, or was last
        self.ended_at = 0.0  # by `time.monotonic`
        self._began, self._ended = began, ended
        self._place = 0  # where in the text the sentence begins that is being said
        self._turn = 0
        self._silent = threading.Event()
        self._silent.set()
        self._lock = threading.Lock()
        self._waiting: threading.Thread | None = None  # for the end of the text
        self._speaker = Speaker(voice=voice, manner=manner, began=self._next, by=by)

    @property
    def speaking(self) -> bool:
        """Whether a text is being said."""
        return not self._silent.is_set()

    @property
    def rest(self) -> str:
        """What of the text was not said to its end."""
        return self.text[self._place :]

    def say(self, text: str) -> None:
        """Begin with a text, in place of what is being said."""
        with self._lock:
            self._turn += 1
            self.text, self._place = " ".join(text.split()), 0
            self._silent.clear()
            self._speaker.begin()
            self._speaker.say(self.text)
            self._speaker.finish()
            self._waiting = threading.Thread(target=self._wait, args=(self._turn,), name="mouth", daemon=True)
            self._waiting.start()

    def stop(self) -> bool:
        """Be silent at once, from any thread; whether anything was being said."""
        with self._lock:
            spoke = self.speaking
            self._speaker.stop()
            self._hush()
        return spoke

    def wait(self) -> None:
        """Until nothing is being said."""
        self._silent.wait()

    def change(self, request: str) -> None:
        """Faster, slower, louder or quieter from the next sentence on."""
        self._speaker.manner = self._speaker.manner.changed(request)

    def close(self) -> None:
        """Be silent for good; `ended` is not called any more after this."""
        self._speaker.close()
        if self._waiting is not None:
            self._waiting.join()

    def __enter__(self) -> "Mouth":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _next(self, utterance: Utterance) -> None:
        found = self.text.find(utterance.text, self._place)
        self._place = max(found, self._place)
        self._began(utterance.text)

    def _wait(self, turn: int) -> None:
        error = None
        try:
            whole = self._speaker.wait()
        except KillahError as failure:
            error, whole = failure, False
        with self._lock:
            if turn != self._turn:
                return  # another text has taken its place
            if whole:
                self._place = len(self.text)
            self._hush()
        self._ended(error)

    def _hush(self) -> None:
        if self.speaking:
            self.ended_at = time.monotonic()
            self._silent.set()
