"""The engine as surfaces see it: text in, jobs of text out. MLX stays behind this door."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import mlx.core as mx
import numpy as np

from killah import devices
from killah.config import Settings
from killah.engine import decoding, prompt, rewriting
from killah.engine.decoding import Ghost
from killah.engine.gate import Gate
from killah.engine.members import Members, Present
from killah.engine.prompt import Prompt, SoftToken
from killah.engine.sampling import Sampler, Sampling
from killah.engine.scheduler import Job, Priority, Scheduler, Work
from killah.engine.session import Session
from killah.gemma import base, catalog
from killah.gemma.stack import Blend

if TYPE_CHECKING:
    from killah.persona.retrieval import Retriever

GHOST_ROOM = 96  # tokens kept free for ghost text


@dataclass(frozen=True)
class Personal:
    """What a persona brings to a prompt: passages near to the text, best last, and itself as a vector."""

    passages: tuple[str, ...] = ()
    key: str = ""
    vector: np.ndarray | None = None


NOBODY = Personal()


@dataclass(frozen=True)
class ModelInfo:
    """The loaded base model."""

    name: str
    parameters: int
    context: int
    device: str


class Engine:
    """Owns the MLX thread, the base model with its adapters, a session for each task, and the persona.

    Returns at once; the model loads on its thread, before any other work.
    """

    def __init__(self, settings: Settings) -> None:
        self.persona: str | None = None
        self._settings = settings
        # A thread that ends with streams of its own takes the process down (MLX 0.32).
        self._scheduler = Scheduler(at_end=mx.clear_streams)
        self._base: base.Base
        self._gate: Gate
        self._members: Members
        self._sessions: dict[str, Session] = {}
        self._loaded: Future[ModelInfo] = Future()
        self._scheduler.submit(self._load, Priority.LOAD)
        self._lookups = ThreadPoolExecutor(1, "passages")
        self._persona: Future[Retriever | None] = Future()
        self._persona.set_result(None)
        self._paragraph = -1  # where the paragraph starts that `_nearby` was looked up for
        self._nearby = NOBODY
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
            self._paragraph, self._nearby = -1, NOBODY

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
        chosen, length = self._sampling(sampling), max_tokens or self._settings.max_tokens
        found = self._look_up(text) if passages is None else _done(Personal(tuple(passages)))
        return self._when_found(found, lambda: self._continue(text, found.result(), chosen, length))

    def rewrite(
        self,
        task: str,
        text: str,
        *,
        style: str = "",
        sampling: Sampling | None = None,
        max_tokens: int | None = None,
    ) -> Job[str]:
        """`text` rephrased, summarised, or (`story`) told as a story's opening, in pieces.

        `style` is one of `styles(task)`. `max_tokens` limits each piece of a rephrasing, and the whole of
        anything else.
        """
        chosen, length = self._sampling(sampling, task), max_tokens or self._settings.max_tokens
        found = self._look_up(text, passages=0)
        return self._when_found(
            found, lambda: self._rewrite(task, text, style, found.result(), chosen, length)
        )

    def styles(self, task: str) -> list[str]:
        """What `style` may be in `rewrite` with the loaded base, the usual one first; waits for the model."""
        self.info()
        return self._scheduler.submit(lambda: iter([self._styles(task)]), Priority.LOAD).result()[0]

    def passages(self, text: str) -> list[str]:
        """The persona's passages nearest to the end of `text`, best last; waits for the lookup."""
        return list(self._look_up(text).result().passages)

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
            self._members = Members(self._base)
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
            self._sessions[task] = Session(self._base.model, self._members.stack)
        return self._sessions[task]

    def _ghost(self, before: str) -> Iterator[Ghost | None]:
        session, personal = self._session("autocomplete"), self._nearby
        blend, persona = self._composed("autocomplete", personal)
        built = prompt.build(
            self._base.tokenizer,
            before,
            self._context - GHOST_ROOM,
            persona=persona,
            passages=personal.passages,
        )
        s = self._settings
        yield from decoding.ghost(
            session,
            self._base.tokenizer,
            built,
            self._gate,
            words=s.ghost_words,
            precision=s.ghost_precision,
            blend=blend,
        )

    def _continue(
        self, text: str, personal: Personal, sampling: Sampling, max_tokens: int
    ) -> Iterator[str | None]:
        session = self._session("continue")
        blend, persona = self._composed("continue", personal)
        room = max(self._context - max_tokens, self._context // 2)
        built = prompt.build(self._base.tokenizer, text, room, persona=persona, passages=personal.passages)
        yield from self._generate(session, built, Sampler(sampling), max_tokens, blend)

    def _rewrite(
        self, task: str, text: str, style: str, personal: Personal, sampling: Sampling, max_tokens: int
    ) -> Iterator[str | None]:
        session, sampler = self._session(task), Sampler(sampling)
        blend, persona = self._composed(task, personal)
        rewriting.check_style(task, style, self._styles(task))
        for part in rewriting.parts(task, text):
            if not part.rewritten:
                yield part.text
                continue
            built = rewriting.build(
                self._base.tokenizer, task, style, part.text, self._context - max_tokens, persona
            )
            yield from self._generate(session, built, sampler, max_tokens, blend)

    def _generate(
        self, session: Session, built: Prompt, sampler: Sampler, max_tokens: int, blend: Blend
    ) -> Iterator[str | None]:
        eos = self._base.model.config.eos_token_id
        yield from decoding.continuation(
            session,
            self._base.tokenizer,
            built,
            sampler,
            max_tokens=min(max_tokens, self._context - len(built.slots)),
            ends=eos if isinstance(eos, list) else [eos],
            blend=blend,
        )

    def _composed(self, task: str, personal: Personal) -> tuple[Blend, list[SoftToken]]:
        """The task's blend of adapters, and the persona's soft tokens where it takes them."""
        self.info()
        present = Present(persona=bool(personal.key or personal.passages))
        return (
            self._members.blend(task, present),
            self._members.persona_tokens(task, personal.key, personal.vector),
        )

    def _styles(self, task: str) -> list[str]:
        card = self._members.card(task)
        return card.styles if card else []

    # On the passages thread -------------------------------------------------------------------------

    def _open_persona(self, name: str | None) -> "Retriever | None":
        from killah.persona.retrieval import Retriever  # numpy and SQLite: not needed to start

        return Retriever.open(name, self._settings.embedder) if name else None

    def _look_up(self, text: str, passages: int | None = None) -> Future[Personal]:
        """What the persona brings to `text`; at most `passages` of its passages, else as many as are set."""
        with self._lock:
            persona, name = self._persona, self.persona
        if name is None:
            return _done(NOBODY)
        count = self._settings.passages if passages is None else passages

        def look_up() -> Personal:
            retriever = persona.result()
            if retriever is None or not len(retriever):
                return NOBODY
            found = retriever.passages(text, count)
            vector = retriever.vector
            key = f"{name}:{blake2b(vector.tobytes(), digest_size=8).hexdigest()}"
            return Personal(tuple(p.text for p in reversed(found)), key, vector)

        return self._lookups.submit(look_up)

    def _refresh_nearby(self, before: str) -> None:
        """Look passages up once as a paragraph begins; the prompt keeps the old ones until they are here."""
        start = before.rfind("\n") + 1
        with self._lock:
            if start == self._paragraph:
                return
            self._paragraph = start

        def arrived(found: Future[Personal]) -> None:
            with self._lock:
                if start == self._paragraph and not found.cancelled() and not found.exception():
                    self._nearby = found.result()

        self._look_up(before).add_done_callback(arrived)

    def _sampling(self, sampling: Sampling | None, task: str = "continue") -> Sampling:
        usual = rewriting.FAITHFUL.get(task, self._settings.temperature)
        return sampling or Sampling(self._settings.min_p, min(usual, self._settings.temperature))

    def _when_found(self, found: Future[Personal], work: Work[str]) -> Job[str]:
        """A job that joins the queue when the lookup, which runs on its own thread, has ended."""
        job = Job(work, Priority.REWRITE)
        found.add_done_callback(lambda _: self._scheduler.start(job))
        return job


def _done(personal: Personal) -> Future[Personal]:
    future: Future[Personal] = Future()
    future.set_result(personal)
    return future
