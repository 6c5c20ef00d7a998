"""Text read aloud, in a manner that the writer changes by voice."""

from collections.abc import Callable
from threading import Thread

from killah.app.text_area import GhostTextArea
from killah.audio.synthesis.speaking import Speaker
from killah.audio.synthesis.voices import Manner
from killah.errors import KillahError


class Reading:
    """Reads one text at a time. All methods run on the UI thread, except `_wait`; so does `ended`."""

    def __init__(self, area: GhostTextArea, ended: Callable[[KillahError | None], None]) -> None:
        self.manner = Manner()
        self.running = False
        self._area = area
        self._ended = ended
        self._speaker: Speaker | None = None

    def read(self, text: str) -> None:
        """Begin. Raises `KillahError` where nothing can be spoken."""
        if self._speaker is None:
            self._speaker = Speaker()
        speaker, self.running = self._speaker, True
        speaker.manner = self.manner
        speaker.begin()
        speaker.say(text)
        speaker.finish()
        Thread(target=self._wait, args=(speaker,), name="reading", daemon=True).start()

    def stop(self) -> None:
        """Be silent."""
        if self._speaker is not None:
            self._speaker.stop()

    def close(self) -> None:
        """Be silent for good."""
        if self._speaker is not None:
            self._speaker.close()

    def change(self, command: str) -> None:
        """Faster, slower, louder or quieter, from the next sentence on."""
        self.manner = self.manner.changed(command)
        if self._speaker is not None:
            self._speaker.manner = self.manner

    def _wait(self, speaker: Speaker) -> None:
        error = None
        try:
            speaker.wait()
        except KillahError as failure:
            error = failure
        finally:
            self._area.call_later(self._end, error)

    def _end(self, error: KillahError | None) -> None:
        self.running = False
        self._ended(error)
