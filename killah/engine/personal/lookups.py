"""What the owner's writing brings to a prompt, looked up on a thread of its own."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from killah.engine.habits import Habits
from killah.engine.members import InUse, Reads
from killah.gemma.tokenizer import Tokenizer

if TYPE_CHECKING:
    from killah.engine.personal.writers import Writers


@dataclass(frozen=True)
class Personal:
    """What a persona brings to one text.

    `passages` are near to it, best last. `vector` (width,), which `key` names, is the persona for the soft
    tokens, None where the task takes none; `personas` are those in use, with their LoRAs' weights.
    """

    passages: tuple[str, ...] = ()
    key: str = ""
    vector: np.ndarray | None = None
    habits: Habits | None = None
    personas: tuple[InUse, ...] = ()
    min_p: float | None = None


NOBODY = Personal()


@dataclass(frozen=True)
class Asking:
    """What a task takes of a persona: passages and habits as its weights say, or none.

    `soft` says whether the task's composition has soft tokens; where the persona was measured for the task
    (`weighed`), its own weights decide.
    """

    weighed: bool
    soft: bool


@dataclass(frozen=True)
class Ready:
    """What lookups need of the loaded base: its name, its tokenizer, what its persona projector reads."""

    model: str
    tokenizer: Tokenizer
    reads: Reads | None


def given(passages: Sequence[str]) -> Future[Personal]:
    """Passages that need no looking up."""
    future: Future[Personal] = Future()
    future.set_result(Personal(tuple(passages)))
    return future


class Lookups:
    """Opens a persona and asks it for passages; every method returns at once.

    `passages` is what the user has set, None for each persona's own; `ready` waits for the base.
    """

    def __init__(self, embedder: str, passages: int | None, ready: Callable[[], Ready]) -> None:
        self.persona: str | None = None
        self.nearby = NOBODY  # for the paragraph at hand, as soon as it is known
        self.embedded = 0  # texts that were made a vector so far
        self._embedder, self._passages, self._ready = embedder, passages, ready
        self._thread = ThreadPoolExecutor(1, "passages")
        self._writers: Future[Writers | None]
        self._paragraph = -1  # where the paragraph starts that `nearby` was looked up for
        self._lock = threading.Lock()
        self.use(None)

    def use(self, persona: str | None) -> None:
        """Ask this persona, or blend of personas, from now on; None for nobody's."""
        with self._lock:
            self.persona = persona
            self._writers = self._thread.submit(self._open, persona)
            self._paragraph, self.nearby = -1, NOBODY

    def ask(self, text: str, asking: Asking) -> Future[Personal]:
        """What the persona brings to `text`. One that cannot be opened raises its error from the result."""
        with self._lock:
            writers, name = self._writers, self.persona
        if name is None:
            return given(())
        return self._thread.submit(lambda: self._personal(writers.result(), text, asking))

    def follow(self, before: str, asking: Asking) -> None:
        """Ask once as a paragraph begins; `nearby` keeps what was found before until that is here."""
        start = before.rfind("\n") + 1
        with self._lock:
            if start == self._paragraph:
                return
            self._paragraph = start

        def arrived(found: Future[Personal]) -> None:
            with self._lock:
                if start == self._paragraph and not found.cancelled() and not found.exception():
                    self.nearby = found.result()

        self.ask(before, asking).add_done_callback(arrived)

    def close(self) -> None:
        """End the thread; what was asked for is not answered any more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _open(self, persona: str | None) -> "Writers | None":
        if persona is None:
            return None
        from killah.engine.personal.writers import Writers  # SQLite and the embedder: not needed to start

        return Writers.open(persona, self._embedder, self._passages, self._ready())

    def _personal(self, writers: "Writers | None", text: str, asking: Asking) -> Personal:
        if writers is None:
            return NOBODY
        found, embedded = writers.bring(text, asking)
        self.embedded += embedded
        return found
