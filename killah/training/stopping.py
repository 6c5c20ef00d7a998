"""Ctrl-C during training: the step that is being computed is finished and kept."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Stop:
    """Whether a run has been asked to stop."""

    def __init__(self) -> None:
        self.asked = False

    def ask(self) -> None:
        """Stop after the present step."""
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
