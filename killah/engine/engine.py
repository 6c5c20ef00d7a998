"""The engine as surfaces see it: text in, jobs of text out. MLX stays behind this door."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mlx.core as mx

from killah import devices
from killah.config import Settings
from killah.engine import decoding, prompt
from killah.engine.decoding import Ghost
from killah.engine.gate import Gate
from killah.engine.sampling import Sampler, Sampling
from killah.engine.scheduler import Job, Priority, Scheduler
from killah.engine.session import Session
from killah.gemma import base, catalog

if TYPE_CHECKING:
    from killah.persona.retrieval import Retriever

GHOST_ROOM = 96  # tokens kept free for ghost text


@dataclass(frozen=True)
class ModelInfo:
    """The loaded base model."""

    name: str
    parameters: int
    context: int
    device: str


class Engine:
    """Owns the MLX thread, the base model, a session for each task, and the persona's passages.

    Returns at once; the model loads on its thread, before any other work.
    """

    def __init__(self, settings: Settings) -> None:
        self.persona: str | None = None
        self._settings = settings
        # A thread that ends with streams of its own takes the process down (MLX 0.32).
        self._scheduler = Scheduler(at_end=mx.clear_streams)
        self._base: base.Base
        self._gate: Gate
        self._sessions: dict[str, Session] = {}
        self._loaded: Future[ModelInfo] = Future()
        self._scheduler.submit(self._load, Priority.LOAD)
        self._lookups = ThreadPoolExecutor(1, "passages")
        self._persona: Future[Retriever | None] = Future()
        self._persona.set_result(None)
        self._paragraph = -1  # where the paragraph starts that `_nearby` was looked up for
        self._nearby: list[str] = []
        self._lock = threading.Lock()

    def info(self) -> ModelInfo:
        """Wait for the model; raises `KillahError` if it could not be loaded."""
        return self._loaded.result()

    def use_persona(self, name: str | None) -> None:
        """Take the passages of persona `name` from now on; None for nobody's.

        A persona that cannot be opened raises its error where passages are asked for.
        """
        with self._lock:
            self.persona = name
            self._persona = self._lookups.submit(self._open_persona, name)
            self._paragraph, self._nearby = -1, []

    def ghost(self, text: str, caret: int) -> Job[Ghost]:
        """Suggestion for what follows `text[:caret]`, growing as it is made; nothing if the gate says no."""
        before = text[:caret]
        self._refresh_nearby(before)
        return self._scheduler.submit(lambda: self._ghost(before), Priority.KEYSTROKE)

    def continuation(
        self,
        text: str,
        sampling: Sampling | None = None,
        *,
        max_tokens: int | None = None,
        passages: Sequence[str] | None = None,
    ) -> Job[str]:
        """Text that goes on from `text`, in pieces.

        `passages` replace those of the persona (`()` for none).
        """
        s = self._settings
        chosen = sampling or Sampling(s.min_p, s.temperature)
        found = self._look_up(text) if passages is None else _done(list(passages))
        job = Job(lambda: self._continue(text, found, chosen, max_tokens or s.max_tokens), Priority.REWRITE)
        # The lookup runs on its own thread: the job joins the queue when it has its passages.
        found.add_done_callback(lambda _: self._scheduler.start(job))
        return job

    def passages(self, text: str) -> list[str]:
        """The persona's passages nearest to the end of `text`, best last; waits for the lookup."""
        return self._look_up(text).result()

    def close(self) -> None:
        """End all work and threads."""
        self._lookups.shutdown(wait=False, cancel_futures=True)
        self._scheduler.close()

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # On the MLX thread ------------------------------------------------------------------------------

    def _load(self) -> Iterator[None]:
        try:
            folder = catalog.find(self._settings.model)
            self._base = base.load(folder)
            self._gate = Gate.read(folder)
        except Exception as error:  # raised again wherever the model is needed
            self._loaded.set_exception(error)
            return
        about, context = self._base.manifest, self._context
        self._loaded.set_result(ModelInfo(about.name, about.parameters, context, devices.prepare().kind))
        yield

    @property
    def _context(self) -> int:
        return min(self._base.context, self._settings.context)

    def _session(self, task: str) -> Session:
        if task not in self._sessions:
            self.info()  # loading came first in the queue: this only raises its error
            self._sessions[task] = Session(self._base.model)
        return self._sessions[task]

    def _ghost(self, before: str) -> Iterator[Ghost | None]:
        session = self._session("ghost")
        room = self._context - GHOST_ROOM
        built = prompt.build(self._base.tokenizer, before, room, passages=self._nearby)
        s = self._settings
        yield from decoding.ghost(
            session, self._base.tokenizer, built, self._gate, words=s.ghost_words, precision=s.ghost_precision
        )

    def _continue(
        self, text: str, passages: Future[list[str]], sampling: Sampling, max_tokens: int
    ) -> Iterator[str | None]:
        session = self._session("continue")
        room = max(self._context - max_tokens, self._context // 2)
        built = prompt.build(self._base.tokenizer, text, room, passages=passages.result())
        eos = self._base.model.config.eos_token_id
        yield from decoding.continuation(
            session,
            self._base.tokenizer,
            built,
            Sampler(sampling),
            max_tokens=min(max_tokens, self._context - len(built.slots)),
            ends=eos if isinstance(eos, list) else [eos],
        )

    # On the passages thread -------------------------------------------------------------------------

    def _open_persona(self, name: str | None) -> "Retriever | None":
        from killah.persona.retrieval import Retriever  # numpy and SQLite: not needed to start

        return Retriever.open(name, self._settings.embedder) if name else None

    def _look_up(self, text: str) -> Future[list[str]]:
        with self._lock:
            persona = self._persona
        if self.persona is None or self._settings.passages == 0:
            return _done([])

        def look_up() -> list[str]:
            retriever = persona.result()
            found = retriever.passages(text, self._settings.passages) if retriever else []
            return [passage.text for passage in reversed(found)]

        return self._lookups.submit(look_up)

    def _refresh_nearby(self, before: str) -> None:
        """Look passages up once as a paragraph begins; the prompt keeps the old ones until they are here."""
        start = before.rfind("\n") + 1
        with self._lock:
            if start == self._paragraph:
                return
            self._paragraph = start

        def arrived(found: Future[list[str]]) -> None:
            with self._lock:
                if start == self._paragraph and not found.cancelled() and not found.exception():
                    self._nearby = found.result()

        self._look_up(before).add_done_callback(arrived)


def _done(passages: list[str]) -> Future[list[str]]:
    future: Future[list[str]] = Future()
    future.set_result(passages)
    return future
