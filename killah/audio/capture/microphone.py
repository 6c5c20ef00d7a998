"""The microphone: sound in memory only, that goes on when the device was unplugged, and can be paused."""

import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from killah.audio import RATE
from killah.audio.capture.inputs import Input
from killah.audio.capture.levels import Level, Meter
from killah.audio.capture.stream import Capture

_TICK = 0.1  # seconds between two looks at the stream
_AGAIN = 1.0  # seconds until another process is tried where one broke
_TERMINALS = {"Apple_Terminal": "Terminal", "iTerm.app": "iTerm", "ghostty": "Ghostty", "vscode": "VS Code"}


@dataclass(frozen=True)
class Event:
    """What happened to the microphone, and a sentence for the user.

    `lost`: the device went away and is waited for. `back`: it is heard again. `silent`: it has given only
    zeros since it was opened. `heard`: it gives sound after all.
    """

    kind: Literal["lost", "back", "silent", "heard"]
    text: str


class Microphone:
    """Samples of a device at 16 kHz, as a context manager.

    `device` is a number (also as text), a name or a part of one (None: the default, whichever it is).
    `listener` is called with every event, on the microphone's own thread. `seconds` are kept for a reader
    that is late. Only zeros for `silence` (seconds) are told. Opening raises `KillahError`.
    """

    def __init__(
        self,
        device: str | int | None = None,
        *,
        listener: Callable[[Event], None] = lambda _: None,
        seconds: float = 30.0,
        silence: float = 3.0,
    ) -> None:
        self._wanted = int(device) if isinstance(device, str) and device.isdigit() else device
        self._listener = listener
        self._seconds, self._silence = seconds, silence
        self._closing = threading.Event()
        self._lock = threading.Lock()  # holds the capture and how far it was read
        self._paused = False
        self._overflows = 0
        self._left = np.zeros(0, np.float32)  # not read yet, of a capture that has ended
        self._meter, self._metered_at = Meter(), time.monotonic()

    def __enter__(self) -> Self:
        self._begin(Capture(self._wanted, self._seconds))
        if self._wanted is not None:
            self._wanted = self.device.name  # its number may be another when it comes back
        self._watcher = threading.Thread(target=self._watch, name="microphone", daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._watcher.join()
        self._capture.close()
        self.pause()

    @property
    def device(self) -> Input:
        """The device that is heard, or was last."""
        return self._capture.device

    @property
    def overflows(self) -> int:
        """Times that samples were lost: in the system, or because nobody read for `seconds`."""
        return self._overflows + self._capture.overflows

    @property
    def paused(self) -> bool:
        """Whether what is heard is dropped."""
        return self._paused

    def read(self, timeout: float = 0.1) -> np.ndarray:
        """The samples (samples,) since the last read; waits up to `timeout` seconds for the first of them."""
        if not len(self._left):
            self._capture.ring.wait(self._place, timeout)
        with self._lock:
            samples, self._left = self._unread(), np.zeros(0, np.float32)
        return samples

    def level(self) -> Level:
        """How loud it is now; may be asked as often as it is drawn."""
        now = time.monotonic()
        with self._lock:
            samples, start = self._capture.ring.since(self._metered)
            self._metered = start + len(samples)
            level = self._meter.feed(samples, now - self._metered_at)
            self._metered_at = now
        return level

    def pause(self) -> None:
        """Drop all that is heard from now on, and all that was not read yet."""
        with self._lock:
            self._paused = True
            self._capture.ring.shut()
            self._place = self._metered = self._capture.ring.written
            self._left = np.zeros(0, np.float32)

    def resume(self) -> None:
        """Listen again."""
        with self._lock:
            self._paused = False
            self._capture.ring.open()

    def _unread(self) -> np.ndarray:
        samples, start = self._capture.ring.since(self._place)
        self._overflows += start > self._place
        self._place = start + len(samples)
        return np.concatenate([self._left, self._capture.resampled(samples)])

    def _begin(self, capture: Capture) -> None:
        self._capture = capture
        self._place = self._metered = self._looked = 0
        self._sound: bool | None = None  # not known yet
        if self._paused:
            capture.ring.shut()

    def _watch(self) -> None:
        while not self._closing.wait(_TICK):
            if self._capture.dead:
                self._recover()
            elif not self._sound:
                self._notice_silence(self._capture)

    def _notice_silence(self, capture: Capture) -> None:
        samples, start = capture.ring.since(self._looked)
        self._looked = start + len(samples)
        if samples.any():
            told, self._sound = self._sound is False, True
            if told:
                self._listener(Event("heard", f"{capture.device.name} is heard."))
        elif self._sound is None and self._looked >= self._silence * capture.rate:
            self._sound = False
            self._listener(Event("silent", about_silence(capture.device.name)))

    def _recover(self) -> None:
        name = self.device.name
        self._listener(Event("lost", f"The microphone {name} is gone. Listening goes on when it is back."))
        self._capture.close()
        while not self._closing.is_set():
            capture = Capture(self._wanted, self._seconds, patient=True)
            while not (self._closing.wait(_TICK) or capture.dead or capture.ring.written):
                pass
            if capture.ring.written:
                self._change(capture)
                self._listener(Event("back", f"Listening again: {capture.device.name}."))
                return
            capture.close()
            self._closing.wait(_AGAIN)

    def _change(self, capture: Capture) -> None:
        with self._lock:
            self._left = self._unread()[-round(self._seconds * RATE) :]
            self._overflows += self._capture.overflows
            self._begin(capture)


def about_silence(name: str) -> str:
    """What to do about a microphone that gives only zeros."""
    if sys.platform != "darwin":
        return f"{name} gives only silence: it is muted. Unmute it in the sound settings."
    terminal = _TERMINALS.get(os.environ.get("TERM_PROGRAM", ""), "your terminal")
    place = "System Settings > Privacy & Security > Microphone"
    return f"{name} gives only silence. Allow {terminal} to hear it ({place}), or unmute it."
