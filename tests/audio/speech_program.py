"""A stand-in for espeak-ng: a real process that notes what it was given and takes its time."""

import os
import stat
import time
from pathlib import Path

SCRIPT = """#!/bin/sh
case "$*" in *--voices*)
    echo "Pty Language       Age/Gender VoiceName          File                 Other Languages"
    echo " 2  en-us           --/M      English_(America)  gmw/en-US            (en 3)"
    echo " 5  en-us           --/M      us-mbrola-2        mb/mb-us2            (en 7)"
    echo " 5  ru              --/M      Russian            zle/ru"
    echo " 5  de              --/M      German             gmw/de"
    exit;;
esac
echo "$* :: $(cat)" >>"$SPEECH_LOG"
sleep "$SPEECH_SECONDS" &
echo $! >>"$SPEECH_LOG.children"
wait
"""


class SpeechProgram:
    """What it was asked to say, and the processes it has started."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "spoken.log"

    @property
    def spoken(self) -> list[tuple[str, str]]:
        """(arguments, text) of every call, in order."""
        if not self._log.exists():
            return []
        lines = self._log.read_text().splitlines()
        return [(arguments, text) for arguments, _, text in (line.partition(" :: ") for line in lines)]

    def until(self, count: int) -> None:
        """Wait until it has been asked `count` times, and its last process runs."""
        deadline = time.monotonic() + 20
        while len(self.spoken) < count or len(self._children()) < count:
            assert time.monotonic() < deadline, self.spoken
            time.sleep(0.005)

    def silent(self) -> bool:
        """Whether every process of it is gone, or goes within a second: a signal takes its time."""
        deadline = time.monotonic() + 1
        while any(map(_alive, self._children())):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    def _children(self) -> list[int]:
        path = self._log.with_name(self._log.name + ".children")
        return list(map(int, path.read_text().split())) if path.exists() else []


def install(folder: Path, monkeypatch, seconds: float) -> SpeechProgram:
    """Put it on the PATH as espeak-ng; each sentence takes `seconds`."""
    script = folder / "espeak-ng"
    script.write_text(SCRIPT)
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("SPEECH_LOG", str(folder / "spoken.log"))
    monkeypatch.setenv("SPEECH_SECONDS", str(seconds))
    return SpeechProgram(folder)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"  # a zombie that nobody has reaped speaks no more
