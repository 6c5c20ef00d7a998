"""The process that talks to PortAudio, so that a device that breaks it can hurt nothing else.

When a device goes away some versions of PortAudio spin for ever (PortAudio#1037), print without end, and list
devices that are gone. Here none of that matters: the parent (`killah.audio.capture.stream`) ends this process
and starts another. Sound is also safe here from whatever keeps the parent busy.

    list             answers with a line of JSON: the devices, or what is wrong
    listen WANTED    sends messages until standard input closes; WANTED is JSON, as `choose` takes it
    await WANTED     the same, but waits for the device to be there

A message is a header (its kind, the length of its body in bytes) and a body: the device that is open and how
(JSON), what is wrong (JSON), samples (float32, all channels), samples after some were lost, or nothing yet.
"""

import json
import os
import queue
import signal
import struct
import sys
import threading
import time
from typing import Any

from killah.audio import RATE
from killah.errors import KillahError

HEADER = struct.Struct("<cI")
OPEN, WRONG, SAMPLES, AFTER_LOSS, WAITING = b"o", b"w", b"s", b"l", b"."
_BLOCK = 0.032  # seconds a callback
_AHEAD = 1000  # blocks kept for a parent that is late: half a minute
_AGAIN = 0.5  # seconds between two looks for a device


def main() -> None:
    """Do what the arguments say."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    task, wanted = sys.argv[1], json.loads(sys.argv[2] if len(sys.argv) > 2 else "null")
    try:
        if task == "list":
            print(json.dumps(devices()))
            return
        threading.Thread(target=_end_with_parent, daemon=True).start()
        listening = Listening(wanted, patient=task == "await")
    except KillahError as error:
        facts = json.dumps({"what": error.what, "hint": error.hint})
        print(facts) if task == "list" else _send(WRONG, facts.encode())
        return
    listening.send_for_ever()


def devices() -> list[dict[str, Any]]:
    """Every microphone, in PortAudio's order. Raises `KillahError` where PortAudio is missing."""
    module = _module()
    default = module.default.device[0]
    return [
        {
            "number": number,
            "name": one["name"],
            "channels": one["max_input_channels"],
            "rate": int(one["default_samplerate"]),
            "default": number == default,
        }
        for number, one in enumerate(module.query_devices())
        if one["max_input_channels"] > 0
    ]


def choose(wanted: str | int | None, there: list[dict[str, Any]]) -> dict[str, Any]:
    """The device of that number or name, or part of a name; the default one for None.

    Raises `KillahError` that lists what is there.
    """
    if not there:
        raise KillahError("There is no microphone.", "Connect one, or switch it on in the system's settings.")
    if wanted is None:
        return next((one for one in there if one["default"]), there[0])
    name = str(wanted).strip().casefold()
    exact = [one for one in there if name in (str(one["number"]), one["name"].casefold())]
    found = exact[:1] or [one for one in there if name and name in one["name"].casefold()]
    if len(found) == 1:
        return found[0]
    problem = "More than one microphone is called" if found else "There is no microphone"
    listed = ", ".join(f"{one['number']} {one['name']}" for one in found or there)
    raise KillahError(f"{problem} {str(wanted)!r}.", f"There are: {listed}.")


class Listening:
    """An open stream. Its callback copies and does nothing else."""

    def __init__(self, wanted: str | int | None, *, patient: bool) -> None:
        self._blocks: queue.SimpleQueue[tuple[bytes, bytes]] = queue.SimpleQueue()
        self._lost = False
        while not self._opened(wanted, patient):
            _send(WAITING)
            time.sleep(_AGAIN)
            _look_again()

    def send_for_ever(self) -> None:
        """Write what the stream gives to standard output."""
        while True:
            _send(*self._blocks.get())

    def _opened(self, wanted: str | int | None, patient: bool) -> bool:
        try:
            self._open(choose(wanted, devices()))
        except KillahError:
            if not patient:
                raise
            return False
        return True

    def _open(self, device: dict[str, Any]) -> None:
        reason = ""
        # Not every device does 16 kHz, and a few have no mono.
        for rate, channels in ((RATE, 1), (device["rate"], 1), (device["rate"], device["channels"])):
            try:
                self._start(device["number"], rate, channels)
            except _module().PortAudioError as error:
                reason = str(error).splitlines()[0]
            else:
                _send(OPEN, json.dumps({"device": device, "rate": rate, "channels": channels}).encode())
                return
        hint = "Close programs that use it, or choose another one."
        raise KillahError(f"The microphone {device['name']} cannot be opened ({reason}).", hint)

    def _start(self, number: int, rate: int, channels: int) -> None:
        self._stream = _module().RawInputStream(
            samplerate=rate,
            channels=channels,
            device=number,
            dtype="float32",
            blocksize=round(_BLOCK * rate),
            callback=self._heard,
            finished_callback=lambda: os._exit(1),  # the device is gone; to close it may take for ever
        )
        self._stream.start()

    def _heard(self, block: Any, frames: int, at: Any, status: Any) -> None:  # noqa: ARG002
        self._lost = self._lost or status.input_overflow or self._blocks.qsize() >= _AHEAD
        if self._blocks.qsize() < _AHEAD:
            self._blocks.put((AFTER_LOSS if self._lost else SAMPLES, bytes(block)))
            self._lost = False


def _module() -> Any:
    try:
        import sounddevice
    except OSError as error:
        raise KillahError(
            "Listening needs the PortAudio library.", "Install it: apt-get install libportaudio2."
        ) from error
    return sounddevice


def _look_again() -> None:
    """PortAudio's list of devices is as old as its start."""
    _module()._terminate()
    _module()._initialize()


def _end_with_parent() -> None:
    """The parent closes standard input when it has had enough; so does its death."""
    while os.read(0, 1):
        pass
    os._exit(0)


def _send(kind: bytes, body: bytes = b"") -> None:
    sys.stdout.buffer.write(HEADER.pack(kind, len(body)) + body)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
