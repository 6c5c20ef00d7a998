"""What the owner's writing brings to a prompt, looked up on a thread of its own."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from killah.persona.retrieval import Retriever


@dataclass(frozen=True)
class Personal:
    """Passages near to a text, best last, and the persona itself as a vector (width,) that `key` names."""

    passages: tuple[str, ...] = ()
    key: str = ""
    vector: np.ndarray | None = None


NOBODY = Personal()


def given(passages: Sequence[str]) -> Future[Personal]:
    """Passages that need no looking up."""
    future: Future[Personal] = Future()
    future.set_result(Personal(tuple(passages)))
    return future


class Lookups:
    """Opens a persona and asks it for passages; every method returns at once."""

    def __init__(self, embedder: str, passages: int) -> None:
        self.persona: str | None = None
        self.nearby = NOBODY  # for the paragraph at hand, as soon as it is known
        self._embedder, self._passages = embedder, passages
        self._thread = ThreadPoolExecutor(1, "passages")
        self._retriever: Future[Retriever | None]
        self._paragraph = -1  # where the paragraph starts that `nearby` was looked up for
        self._lock = threading.Lock()
        self.use(None)

    def use(self, persona: str | None) -> None:
        """Ask this persona from now on; None for nobody's."""
        with self._lock:
            self.persona = persona
            self._retriever = self._thread.submit(self._open, persona)
            self._paragraph, self.nearby = -1, NOBODY

    def ask(self, text: str, passages: int | None = None) -> Future[Personal]:
        """What the persona brings to `text`: at most `passages` of its passages, else as many as are set.

        A persona that cannot be opened raises its error from the result.
        """
        with self._lock:
            retriever, name = self._retriever, self.persona
        if name is None:
            return given(())
        count = self._passages if passages is None else passages
        return self._thread.submit(lambda: _personal(name, retriever.result(), text, count))

    def follow(self, before: str) -> None:
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

        self.ask(before).add_done_callback(arrived)

    def close(self) -> None:
        """End the thread; what was asked for is not answered any more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _open(self, persona: str | None) -> "Retriever | None":
        from killah.persona.retrieval import Retriever  # numpy and SQLite: not needed to start

        return Retriever.open(persona, self._embedder) if persona else None


def _personal(name: str, retriever: "Retriever | None", text: str, count: int) -> Personal:
    if retriever is None or not len(retriever):
        return NOBODY
    found = retriever.passages(text, count)
    vector = retriever.vector
    key = f"{name}:{blake2b(vector.tobytes(), digest_size=8).hexdigest()}"
    return Personal(tuple(passage.text for passage in reversed(found)), key, vector)
