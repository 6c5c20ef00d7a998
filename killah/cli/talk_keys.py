"""A line typed while something else goes on: keys one by one, without waiting for any."""

import codecs
import os
import queue
import select
import sys
import termios
import threading
import tty
from collections.abc import Callable
from typing import Self

_ESCAPE, _END = "\x1b", "\x04"


class Keyboard:
    """Reads the terminal of stdin on a thread of its own; a context manager.

    `pressed` is called there at every key. Ctrl-C stays a signal. Where stdin is no terminal that listens
    to this process, nothing is read.
    """

    def __init__(self, pressed: Callable[[], None]) -> None:
        self.line = ""  # so far
        self.lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()  # complete ones; None is the end
        self.there = sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
        self._pressed = pressed

    def __enter__(self) -> Self:
        if self.there:
            self._terminal = sys.stdin.fileno()
            self._before = termios.tcgetattr(self._terminal)
            tty.setcbreak(self._terminal)
            self._over, self._end = os.pipe()
            self._thread = threading.Thread(target=self._run, name="keys", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.there:
            os.close(self._end)
            self._thread.join()
            os.close(self._over)
            termios.tcsetattr(self._terminal, termios.TCSAFLUSH, self._before)

    def take(self, text: str) -> None:
        """What was typed, in the terminal's letters: keys that edit the line, or the line's own."""
        if text.startswith(_ESCAPE):  # Esc itself, arrows and function keys
            return
        for letter in text:
            if letter in "\r\n":
                self.lines.put(self.line)
                self.line = ""
            elif letter in "\x7f\b":
                self.line = self.line[:-1]
            elif letter == "\x15":  # Ctrl-U
                self.line = ""
            elif letter == "\x17":  # Ctrl-W
                self.line = self.line.rstrip().rpartition(" ")[0]
            elif letter == _END and not self.line:
                self.lines.put(None)
            elif letter.isprintable():
                self.line += letter

    def _run(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            ready, _, _ = select.select([self._terminal, self._over], [], [])
            if self._over in ready:
                return
            data = os.read(self._terminal, 1024)
            if not data:  # the terminal has gone
                self.lines.put(None)
                return
            self._pressed()
            self.take(decoder.decode(data))
