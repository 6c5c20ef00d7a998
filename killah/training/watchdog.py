"""Ends a process that waits in a collective for one that will not come: the ring has no time limit."""

import math
import os
import sys
import threading
import time
from types import TracebackType

HUNG = os.EX_TEMPFAIL  # 75: try again


class Watchdog:
    """Ends this process with `HUNG` when nobody called `beat` for `seconds` (may be infinite); a context.

    A thread of its own: MLX lets go of the interpreter while it waits for another machine.
    """

    def __init__(self, seconds: float, rank: int = 0) -> None:
        self._seconds, self._rank = seconds, rank
        self._last = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def beat(self) -> None:
        """There was progress."""
        self._last = time.monotonic()

    def __enter__(self) -> "Watchdog":
        self.beat()
        if math.isfinite(self._seconds):
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(min(1.0, self._seconds / 4)):
            if time.monotonic() - self._last > self._seconds:
                print(
                    f"Process {self._rank} has waited {self._seconds:g} s for the others; it ends itself.",
                    file=sys.stderr,
                    flush=True,
                )
                os._exit(HUNG)
