"""A microphone without any hardware: a private PulseAudio whose only source hears what is played to it.

    server = VirtualMicrophone(folder)
    os.environ.update(server.env)    # before the sound system is asked for
    server.play(samples)             # 16 kHz mono float32 or a path of a wav file, in the background

The server lives in a folder of its own; the sound system of the machine is left alone.
"""

import os
import subprocess
import time
from pathlib import Path

import numpy as np
import soundfile

RATE = 16_000
NEEDED = ("pulseaudio", "pactl", "paplay", "parec")
SETTLING = 15.0  # seconds in which a server must have come up


class VirtualMicrophone:
    """A server that runs; `env` is the environment of programs that are to hear it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            "PULSE_SERVER": f"unix:{folder}/native",
            "PULSE_RUNTIME_PATH": str(folder),
            "PULSE_STATE_PATH": str(folder / "state"),
            "PULSE_COOKIE": str(folder / "cookie"),
            "XDG_CONFIG_HOME": str(folder),
        }
        self._running: list[subprocess.Popen] = []  # the server, then a reader that keeps it quick
        self._playing: list[subprocess.Popen] = []
        self.start_again()

    @property
    def alive(self) -> bool:
        """Whether it can be spoken to."""
        return bool(self._running) and all(process.poll() is None for process in self._running)

    def start_again(self) -> None:
        """Bring the server up, as a device that is plugged in again."""
        (self.folder / "native").unlink(missing_ok=True)
        server = "pulseaudio -n --daemonize=no --use-pid-file=no --exit-idle-time=-1 --disable-shm=yes"
        modules = [
            f"module-native-protocol-unix socket={self.folder}/native auth-anonymous=1",
            "module-null-sink sink_name=mic rate=16000 channels=1",
            "module-null-sink sink_name=speaker",
        ]
        loading = [part for module in modules for part in ("-L", module)]
        quiet = ["--realtime=no", "--high-priority=no", f"--log-target=file:{self.folder}/log"]
        self._running = [self._start(*server.split(), *quiet, *loading)]
        self._until(lambda: self._pactl("info").returncode == 0)
        self._pactl("set-default-source", "mic.monitor")
        self._pactl("set-default-sink", "speaker")
        # A null sink that nobody hurries works two seconds ahead: the first samples would come late.
        hurry = ("parec", "--latency-msec=20", "-d", "mic.monitor", "--rate=16000", "--channels=1", "--raw")
        self._running.append(self._start(*hurry))
        time.sleep(2.2)

    def play(self, sound: np.ndarray | Path) -> subprocess.Popen:
        """Speak into the microphone: samples (samples,) at 16 kHz, or a wav file. `.wait()` for its end."""
        if isinstance(sound, np.ndarray):
            path = self.folder / f"{len(self._playing)}.wav"
            soundfile.write(path, sound, RATE, subtype="PCM_16")
            sound = path
        self._playing.append(self._start("paplay", "--device=mic", str(sound)))
        return self._playing[-1]

    def hush(self) -> None:
        """Stop what is being played."""
        _end(self._playing)

    def kill_server(self) -> None:
        """Take the microphone away, as a plug that is pulled."""
        _end(self._running[:1])
        _end(self._running + self._playing)

    def _start(self, *command: str) -> subprocess.Popen:
        nowhere = subprocess.DEVNULL
        return subprocess.Popen(
            command,
            env=self._environment(),
            stdin=nowhere,
            stdout=nowhere,
            stderr=nowhere,
            start_new_session=True,
        )

    def _pactl(self, *arguments: str) -> subprocess.CompletedProcess:
        command = ["pactl", *arguments]
        return subprocess.run(command, env=self._environment(), capture_output=True, timeout=20, check=False)

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.env, "HOME": str(self.folder)}

    def _until(self, condition) -> None:
        deadline = time.monotonic() + SETTLING
        while not condition():
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.1)


def _end(processes: list[subprocess.Popen]) -> None:
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()
    processes.clear()
