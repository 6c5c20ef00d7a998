"""The microphone and what hears it, on a thread of their own: the text area never waits for either."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from killah.audio import RATE
from killah.audio.capture import microphone
from killah.audio.dictation.language import understand
from killah.audio.dictation.live import Dictation, Event, Final, Listener
from killah.errors import KillahError

LOADING = 0.5  # seconds of silence that are heard first, which loads the encoder
PATIENCE = 2.0  # seconds that closing takes at most


@dataclass(frozen=True)
class Ready:
    """What was said since the microphone was opened is being heard; `names` spell what is heard."""

    names: Mapping[str, str]


@dataclass(frozen=True)
class Lost:
    """Sound that came faster than it could be heard."""


@dataclass(frozen=True)
class Ended:
    """Nothing more will be heard."""

    error: KillahError | None = None


Told = Event | microphone.Event | Ready | Lost | Ended


class Hearing:
    """Listens from the beginning until `stop`.

    `marked` gives words their marks and capitals. `tell` is called with itself and with what happens, on
    several threads; it must not wait.
    """

    def __init__(
        self,
        ear: Callable[[], Listener],
        marked: Callable[[Final], Final],
        device: str | None,
        tell: "Callable[[Hearing, Told], None]",
    ) -> None:
        self._ear, self._marked = ear, marked
        self._device = device
        self._tell = tell
        self._microphone: microphone.Microphone | None = None
        self._stopping, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="hearing", daemon=True)
        self._thread.start()

    @property
    def stopping(self) -> bool:
        """Whether it will end by itself, after the last words."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Hear what was said so far, and no more."""
        self._stopping.set()

    def close(self) -> None:
        """Stop, forget the last words, and wait until the microphone is closed."""
        self._closing.set()
        self._stopping.set()
        self._thread.join(PATIENCE)

    def pause(self, paused: bool) -> None:
        """Drop what is heard from now on, or do not any more."""
        if self._microphone is not None:
            (self._microphone.pause if paused else self._microphone.resume)()

    def _run(self) -> None:
        error = KillahError("Listening stopped on an error.", "What it was stands in editor.log.")
        try:
            self._listen()
            error = None
        except KillahError as failure:
            error = failure
        finally:
            self._microphone = None
            self._tell(self, Ended(error))

    def _listen(self) -> None:
        with microphone.Microphone(self._device, listener=lambda event: self._tell(self, event)) as source:
            self._microphone = source
            ear = self._ear()
            ear.draft(np.zeros(round(LOADING * RATE), np.float32))
            self._tell(self, Ready(ear.names))
            dictation, lost = Dictation(ear, understand), 0
            while not self._stopping.is_set():
                self._tell_all(dictation.feed(source.read()))
                if source.overflows > lost:
                    lost = source.overflows
                    self._tell(self, Lost())
        if not self._closing.is_set():
            self._tell_all(dictation.finish())

    def _tell_all(self, events: Iterable[Event]) -> None:
        for event in events:
            self._tell(self, self._marked(event) if isinstance(event, Final) else event)
