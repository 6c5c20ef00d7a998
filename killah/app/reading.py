"""Text read aloud, in a manner that the writer changes by voice."""

from collections.abc import Callable
from dataclasses import replace
from threading import Thread

from killah.app.text_area import GhostTextArea
from killah.audio.speaking import Speaker
from killah.audio.voices import Manner
from killah.errors import KillahError

USUAL = 175  # words a minute, where the program's own rate is not known
RATES, LOUDEST = (80, 450), 2.0
QUICKER, LOUDER = 1.25, 1.4  # by a command
FASTER = {"faster": QUICKER, "slower": 1 / QUICKER}
STRONGER = {"louder": LOUDER, "quieter": 1 / LOUDER}


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
        rate = round((self.manner.rate or USUAL) * FASTER[command]) if command in FASTER else self.manner.rate
        if rate is not None:
            rate = max(RATES[0], min(rate, RATES[1]))
        volume = min(self.manner.volume * STRONGER.get(command, 1.0), LOUDEST)
        self.manner = replace(self.manner, rate=rate, volume=volume)
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
