"""The engine as surfaces see it: text in, jobs of text out. MLX stays behind this door."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import mlx.core as mx

from killah import devices
from killah.config import Settings
from killah.engine import decoding, prompt, rewriting
from killah.engine.decoding import Ghost
from killah.engine.gate import Gate
from killah.engine.members import Members, Present
from killah.engine.personal import Lookups, Personal, given
from killah.engine.prompt import Prompt, SoftToken
from killah.engine.sampling import Sampler, Sampling
from killah.engine.scheduler import Job, Priority, Scheduler, Work
from killah.engine.session import Session
from killah.gemma import base, catalog
from killah.gemma.stack import Blend

GHOST_ROOM = 96  # tokens kept free for ghost text


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
        self._settings = settings
        # A thread that ends with streams of its own takes the process down (MLX 0.32).
        self._scheduler = Scheduler(at_end=mx.clear_streams)
        self._base: base.Base
        self._gate: Gate
        self._members: Members
        self._sessions: dict[str, Session] = {}
        self._loaded: Future[ModelInfo] = Future()
        self._scheduler.submit(self._load, Priority.LOAD)
        self._lookups = Lookups(settings.embedder, settings.passages)

    @property
    def persona(self) -> str | None:
        """Whose writing conditions what is written."""
        return self._lookups.persona

    def info(self) -> ModelInfo:
        """Wait for the model; raises `KillahError` if it could not be loaded."""
        return self._loaded.result()

    def use_persona(self, name: str | None) -> None:
        """Take the passages of persona `name` from now on; None for nobody's.

        A persona that cannot be opened raises its error where passages are asked for.
        """
        self._lookups.use(name)

    def ghost(self, text: str, caret: int) -> Job[Ghost]:
        """Suggestion for what follows `text[:caret]`, growing as it is made; nothing if the gate says no."""
        before = text[:caret]
        self._lookups.follow(before)
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
        found = self._lookups.ask(text) if passages is None else given(passages)
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
        found = self._lookups.ask(text, passages=0)
        return self._when_found(
            found, lambda: self._rewrite(task, text, style, found.result(), chosen, length)
        )

    def styles(self, task: str) -> list[str]:
        """What `style` may be in `rewrite` with the loaded base, the usual one first; waits for the model."""
        self.info()
        return self._scheduler.submit(lambda: iter([self._styles(task)]), Priority.LOAD).result()[0]

    def passages(self, text: str) -> list[str]:
        """The persona's passages nearest to the end of `text`, best last; waits for the lookup."""
        return list(self._lookups.ask(text).result().passages)

    def close(self) -> None:
        """End all work and threads."""
        self._lookups.close()
        self._scheduler.close()

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sampling(self, sampling: Sampling | None, task: str = "continue") -> Sampling:
        usual = rewriting.FAITHFUL.get(task, self._settings.temperature)
        min_p = 0.1 if self._settings.min_p is None else self._settings.min_p
        return sampling or Sampling(min_p, min(usual, self._settings.temperature))

    def _when_found(self, found: Future[Personal], work: Work[str]) -> Job[str]:
        """A job that joins the queue when the lookup, which runs on its own thread, has ended."""
        job = Job(work, Priority.REWRITE)
        found.add_done_callback(lambda _: self._scheduler.start(job))
        return job

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
        session, personal = self._session("autocomplete"), self._lookups.nearby
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
            length = rewriting.longest(task, part.text, self._base.tokenizer, max_tokens)
            room = self._context - length
            built = rewriting.build(self._base.tokenizer, task, style, part.text, room, persona)
            yield from self._generate(session, built, sampler, length, blend)

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
