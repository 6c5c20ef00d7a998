"""Ctrl-C during work that must stay whole: what is being done is finished and kept."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Stop:
    """Whether work has been asked to stop."""

    def __init__(self) -> None:
        self.asked = False

    def ask(self) -> None:
        """Stop after what is being done."""
        self.asked = True

    @contextlib.contextmanager
    def on_interrupt(self) -> Iterator[None]:
        """Within, the first Ctrl-C asks; the second ends at once, without saving."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, self._interrupted)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            signal.default_int_handler(number, frame)
        self.ask()
