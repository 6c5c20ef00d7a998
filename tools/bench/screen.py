"""A program in a pseudo-terminal: keys go in when told, every byte it draws is kept with its time."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Screen:
    """What a terminal of `columns` x `rows` saw. Times are seconds of `time.perf_counter`."""

    command: Sequence[str]
    environment: Mapping[str, str]
    columns: int = 100
    rows: int = 30
    drawn: bytearray = field(default_factory=bytearray)
    _times: list[tuple[int, float]] = field(default_factory=list)  # (bytes before a chunk, when it came)

    def __enter__(self) -> "Screen":
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))
        self._process = subprocess.Popen(
            self.command,
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=slave,
            env={**self.environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            start_new_session=True,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        os.close(self._master)

    def press(self, keys: bytes) -> tuple[int, float]:
        """Send keys; returns how much was drawn before, and when."""
        mark = len(self.drawn), time.perf_counter()
        os.write(self._master, keys)
        return mark

    def wait_for(self, text: str, *, timeout: float, start: int = 0) -> None:
        """Wait until `text` was drawn in one piece after byte `start`; raises TimeoutError."""
        end = time.perf_counter() + timeout
        while self.drawn.find(text.encode(), start) < 0:
            if time.perf_counter() > end:
                raise TimeoutError(f"{text!r} was not drawn within {timeout} s")
            time.sleep(0.005)

    def delay(self, mark: tuple[int, float], text: str) -> float | None:
        """Seconds from `mark` until `text` was drawn; None if it never was."""
        at = self.drawn.find(text.encode(), mark[0])
        if at < 0:
            return None
        came = next(when for before, when in reversed(self._times) if before <= at)
        return came - mark[1]

    def end(self, timeout: float = 20) -> str:
        """Wait for the program to end; what it printed to stdout."""
        out, _ = self._process.communicate(timeout=timeout)
        return out.decode()

    def memory(self) -> int:
        """Resident bytes of the program (Linux)."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def _read(self) -> None:
        while True:
            select.select([self._master], [], [], 1)
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:
                return
            if not data:
                return
            self._times.append((len(self.drawn), time.perf_counter()))
            self.drawn += data
