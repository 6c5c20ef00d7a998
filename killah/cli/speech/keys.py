"""Keys of a terminal while something else goes on, without waiting for any: one by one, or a line of them."""

import codecs
import os
import queue
import select
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Self

_ESCAPE, _END = "\x1b", "\x04"


def listens(terminal: int) -> bool:
    """Whether the keys of a terminal are for this process; they are for the one in the foreground."""
    return os.tcgetpgrp(terminal) == os.getpgrp()


@contextmanager
def keys(terminal: int, take: Callable[[bytes], object]) -> Iterator[None]:
    """Give each key to `take` as it is pressed, on a thread of its own; no bytes when the terminal has gone.

    Ctrl-C stays a signal.
    """
    over, end = os.pipe()
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    thread = threading.Thread(target=_read, args=(terminal, over, take), name="keys", daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.close(end)
        thread.join()
        os.close(over)
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


def _read(terminal: int, over: int, take: Callable[[bytes], object]) -> None:
    while True:
        ready, _, _ = select.select([terminal, over], [], [])
        if over in ready:
            return
        data = os.read(terminal, 1024)
        take(data)
        if not data:
            return


class Keyboard:
    """A line typed at the terminal of stdin; a context manager.

    `pressed` is called at every key, on the keys' thread. Where stdin is no terminal that listens to this
    process, nothing is read.
    """

    def __init__(self, pressed: Callable[[], None]) -> None:
        self.line = ""  # so far
        self.lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()  # complete ones; None is the end
        self.there = sys.stdin.isatty() and listens(sys.stdin.fileno())
        self._pressed = pressed
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._reading = ExitStack()

    def __enter__(self) -> Self:
        if self.there:
            self._reading.enter_context(keys(sys.stdin.fileno(), self._came))
        return self

    def __exit__(self, *_: object) -> None:
        self._reading.close()

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

    def _came(self, data: bytes) -> None:
        if not data:
            self.lines.put(None)
            return
        self._pressed()
        self.take(self._decoder.decode(data))
