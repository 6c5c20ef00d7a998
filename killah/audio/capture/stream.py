"""One stream of one microphone: from the process that hears it into a ring."""

import json
import subprocess
import threading
import time

import numpy as np
import soxr

from killah.audio import RATE
from killah.audio.capture.inputs import Input, no_answer, start
from killah.audio.capture.portaudio import AFTER_LOSS, HEADER, OPEN, SAMPLES, WRONG
from killah.audio.capture.ring import Ring
from killah.errors import KillahError

_OPENING = 15.0  # seconds until the first samples: a wireless device wakes up slowly
_STALLED = 3.0  # seconds without samples after which a device that gave some is dead
_PARTING = 1.0  # seconds that the process has to end by itself


class Capture:
    """A stream of the device that is `wanted`; its ring holds the last `seconds`.

    Raises `KillahError` where the device cannot be opened; a `patient` one waits for it instead.
    """

    device: Input

    def __init__(self, wanted: str | int | None, seconds: float, *, patient: bool = False) -> None:
        self.overflows = 0  # times that samples were lost on the way
        self.rate, self._channels, self._seconds = RATE, 1, seconds
        self.ring = Ring(0)
        self._wrong = no_answer()
        self._answered, self._ended = threading.Event(), False
        self._called, self._patience = time.monotonic(), _OPENING
        self._process = start("await" if patient else "listen", json.dumps(wanted))
        self._reader = threading.Thread(target=self._read, name="capture", daemon=True)
        self._reader.start()
        if not patient:
            self._answered.wait(_OPENING)
            if not hasattr(self, "device"):
                self.close()
                raise self._wrong

    @property
    def dead(self) -> bool:
        """Whether the device went away: its process says so, or has said nothing for seconds."""
        return self._ended or time.monotonic() - self._called > self._patience

    def resampled(self, samples: np.ndarray) -> np.ndarray:
        """The next samples (samples,) of the stream, at 16 kHz."""
        return samples if self.rate == RATE else self._resampler.resample_chunk(samples)

    def close(self) -> None:
        """End the stream, at once."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(_PARTING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout
        while len(header := self._process.stdout.read(HEADER.size)) == HEADER.size:
            kind, length = HEADER.unpack(header)
            body = self._process.stdout.read(length)
            self._called = time.monotonic()
            self._take(kind, body)
        self._ended = True
        self._answered.set()

    def _take(self, kind: bytes, body: bytes) -> None:
        if kind in (SAMPLES, AFTER_LOSS):
            self.overflows += kind == AFTER_LOSS
            self._patience = _STALLED
            self.ring.write(np.frombuffer(body, np.float32)[:: self._channels])
        elif kind == OPEN:
            how = json.loads(body)
            self.rate, self._channels = how["rate"], how["channels"]
            self.ring = Ring(round(self._seconds * self.rate))
            self._resampler = soxr.ResampleStream(self.rate, RATE, 1)
            self.device = Input(**how["device"])
            self._answered.set()
        elif kind == WRONG:
            self._wrong = KillahError(**json.loads(body))
