"""The microphones this machine has, and the process that is asked for them (`portaudio`)."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import killah
from killah.errors import KillahError

_ANSWER = 20.0  # seconds in which a sound system answers


@dataclass(frozen=True)
class Input:
    """A device that hears. `rate`: its own samples a second; `number` changes when another is plugged in."""

    number: int
    name: str
    channels: int
    rate: int
    default: bool


def devices() -> list[Input]:
    """Every microphone that there is now. Raises `KillahError`."""
    process = start("list")
    try:
        answer = json.loads(process.communicate(timeout=_ANSWER)[0] or b"null")
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        answer = None
    if isinstance(answer, dict):
        raise KillahError(**answer)
    if answer is None:
        raise no_answer()
    return [Input(**one) for one in answer]


def start(*arguments: str) -> subprocess.Popen[bytes]:
    """The process that talks to PortAudio; ends when its standard input closes."""
    # -P and the package's own folder: never a module from the folder the user happens to stand in.
    environment = os.environ | {"PYTHONPATH": str(Path(killah.__file__).parent.parent)}
    return subprocess.Popen(
        [sys.executable, "-P", "-B", "-m", "killah.audio.capture.portaudio", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # sound libraries print what they like
        env=environment,
    )


def no_answer() -> KillahError:
    """The one sentence for a sound system that hangs or breaks."""
    return KillahError("The sound system does not answer.", "Try again in a moment, or restart it.")
