"""The engine as surfaces see it: text in, jobs of text out. MLX stays behind this door."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

import mlx.core as mx

from killah import devices
from killah.audio.dictation.text import Marked
from killah.config import Settings
from killah.engine import codes as control
from killah.engine import compositions, decoding, prompt, rewriting
from killah.engine.decoding import Ghost
from killah.engine.gate import Gate
from killah.engine.habits import Habits
from killah.engine.hearing import expected, marking
from killah.engine.hearing.ear import Ear
from killah.engine.hearing.ways import Way
from killah.engine.members import Members, Present
from killah.engine.personal.lookups import NOBODY, Asking, Lookups, Personal, Ready, given
from killah.engine.prompt import Prompt, Slot, SoftToken
from killah.engine.sampling import MIN_P, USUAL_MIN_P, Sampler, Sampling
from killah.engine.scheduler import Job, Priority, Scheduler, Work
from killah.engine.session import Session
from killah.gemma import base, catalog
from killah.gemma.stack import Blend
from killah.persona import blends

GHOST_ROOM = 96  # tokens kept free for ghost text
WEIGHED = frozenset(("autocomplete", "continue"))  # tasks for which a persona's ways are measured


@dataclass(frozen=True)
class ModelInfo:
    """The loaded base model."""

    name: str
    parameters: int
    context: int
    device: str


@dataclass(frozen=True)
class Counters:
    """Work done so far: positions that went through the model, texts that were embedded."""

    positions: int
    embedded: int


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
        self._kind: tuple[str, ...] = ()
        self._loaded: Future[ModelInfo] = Future()
        self._ready: Future[Ready] = Future()
        self._scheduler.submit(self._load, Priority.LOAD)
        self._lookups = Lookups(settings.embedder, settings.passages, self._ready.result)

    @property
    def persona(self) -> str | None:
        """Whose writing conditions what is written."""
        return self._lookups.persona

    def info(self) -> ModelInfo:
        """Wait for the model; raises `KillahError` if it could not be loaded."""
        return self._loaded.result()

    @property
    def counters(self) -> Counters:
        """What has been computed; a keystroke inside a paragraph adds only what was typed."""
        return Counters(sum(each.computed for each in self._sessions.values()), self._lookups.embedded)

    def use_persona(self, name: str | None) -> None:
        """Write as persona `name` from now on, or as a blend (`saki=0.7,wells=0.3`); None for nobody.

        A paused one counts as nobody. Raises `KillahError` for what is no blend; a persona that cannot be
        opened raises its error where passages are asked for.
        """
        if name is not None:
            blends.parse(name)
        self._lookups.use(name)

    def use_codes(self, codes: Sequence[str]) -> None:
        """What kind of text it is from now on, wherever nothing else is said; nothing for no kind."""
        self._kind = tuple(codes)

    def ghost(self, text: str, caret: int, codes: Sequence[str] = ()) -> Job[Ghost]:
        """Suggestion for what follows `text[:caret]`, growing as it is made; nothing if the gate says no.

        `codes` say what kind of text it is: letter, story, formal, ... (`killah.engine.codes`).
        """
        before = text[:caret]
        self._lookups.follow(before, _asking("autocomplete"))
        return self._scheduler.submit(lambda: self._ghost(before, codes), Priority.KEYSTROKE)

    def continuation(
        self,
        text: str,
        sampling: Sampling | None = None,
        *,
        max_tokens: int | None = None,
        passages: Sequence[str] | None = None,
        codes: Sequence[str] = (),
    ) -> Job[str]:
        """Text that goes on from `text`, in pieces.

        `passages` stand for all that the persona brings (`()` for nothing).
        """
        length = max_tokens or self._settings.max_tokens
        found = self._lookups.ask(text, _asking("continue")) if passages is None else given(passages)
        return self._when_found(found, lambda: self._continue(text, found.result(), sampling, length, codes))

    def rewrite(
        self,
        task: str,
        text: str,
        *,
        style: str = "",
        sampling: Sampling | None = None,
        max_tokens: int | None = None,
        codes: Sequence[str] = (),
    ) -> Job[str]:
        """`text` rephrased, summarised, or (`story`) told as a story's opening, in pieces.

        `style` is one of `styles(task)`. `max_tokens` limits each piece of a rephrasing, and the whole of
        anything else.
        """
        length = max_tokens or self._settings.max_tokens
        found = self._lookups.ask(text, _asking(task))
        return self._when_found(
            found, lambda: self._rewrite(task, text, style, found.result(), sampling, length, codes)
        )

    def styles(self, task: str) -> list[str]:
        """What `style` may be in `rewrite` with the loaded base, the usual one first; waits for the model."""
        self.info()
        return self._scheduler.submit(lambda: iter([self._styles(task)]), Priority.LOAD).result()[0]

    def codes(self) -> dict[str, str]:
        """What `codes` may name with the loaded base, each with its kind, genre or register; waits for it."""
        self.info()
        return self._scheduler.submit(lambda: iter([self._codes()]), Priority.LOAD).result()[0]

    def passages(self, text: str) -> list[str]:
        """The persona's passages nearest to the end of `text`, best last; waits for the lookup."""
        return list(self._lookups.ask(text, _asking("continue")).result().passages)

    def ear(self, way: Way = "ctc") -> Ear:
        """What hears, on the engine's thread, expecting the persona's words; loaded when first asked."""
        persona = self.persona
        return Ear(
            self._scheduler,
            self._settings.encoder,
            lambda: expected.terms(persona),
            way=way,
            bases=lambda: (self._base, self._members),
        )

    def marked(self, words: Sequence[str], before: str) -> list[Marked]:
        """Dictated words with marks and capitals, behind `before`; none where no adapter has learned that."""
        job = self._scheduler.submit(lambda: self._marked(words, before), Priority.DICTATION)
        return next(iter(job.result()), [])

    def close(self) -> None:
        """End all work and threads."""
        self._lookups.close()
        self._scheduler.close()
        for waited_for in (self._loaded, self._ready):
            waited_for.cancel()  # where loading has not ended, it never will

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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
            self._ready.set_exception(error)
            return
        about, context = self._base.manifest, self._context
        self._loaded.set_result(ModelInfo(about.name, about.parameters, context, devices.prepare().kind))
        yield
        try:
            reads = self._members.persona_reads()
            self._ready.set_result(Ready(about.name, self._base.tokenizer, reads))
        except Exception as error:  # raised again wherever a persona is needed
            self._ready.set_exception(error)

    @property
    def _context(self) -> int:
        return min(self._base.context, self._settings.context)

    @property
    def _ends(self) -> list[int]:
        """Ids that end what the model writes."""
        eos = self._base.model.config.eos_token_id
        return eos if isinstance(eos, list) else [eos]

    def _session(self, task: str) -> Session:
        if task not in self._sessions:
            self.info()  # loading came first in the queue: this only raises its error
            self._sessions[task] = Session(self._base.model, self._members.stack)
        return self._sessions[task]

    def _ghost(self, before: str, codes: Sequence[str]) -> Iterator[Ghost | None]:
        session, personal = self._session("autocomplete"), self._lookups.nearby
        composed = self._composed("autocomplete", personal, codes)
        built = prompt.build(
            self._base.tokenizer,
            before,
            self._context - GHOST_ROOM,
            persona=composed.persona,
            codes=composed.codes,
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
            blend=composed.blend,
            habits=personal.habits,
        )

    def _continue(
        self,
        text: str,
        personal: Personal,
        sampling: Sampling | None,
        max_tokens: int,
        codes: Sequence[str],
    ) -> Iterator[str | None]:
        session = self._session("continue")
        composed = self._composed("continue", personal, codes)
        built = prompt.build(
            self._base.tokenizer,
            text,
            max(self._context - max_tokens, self._context // 2),
            persona=composed.persona,
            codes=composed.codes,
            passages=personal.passages,
        )
        sampler = Sampler(self._sampling(sampling, "continue", personal))
        yield from self._generate(session, built, sampler, max_tokens, composed.blend, personal.habits)

    def _rewrite(
        self,
        task: str,
        text: str,
        style: str,
        personal: Personal,
        sampling: Sampling | None,
        max_tokens: int,
        codes: Sequence[str],
    ) -> Iterator[str | None]:
        session, sampler = self._session(task), Sampler(self._sampling(sampling, task, personal))
        composed = self._composed(task, personal, codes)
        rewriting.check_style(task, style, self._styles(task))
        for part in rewriting.parts(task, text):
            if not part.rewritten:
                yield part.text
                continue
            length = rewriting.longest(task, part.text, self._base.tokenizer, max_tokens)
            built = rewriting.build(
                self._base.tokenizer,
                task,
                style,
                part.text,
                self._context - length,
                composed.persona,
                composed.codes,
            )
            yield from self._generate(session, built, sampler, length, composed.blend)

    def _marked(self, words: Sequence[str], before: str) -> Iterator[list[Marked] | None]:
        session = self._session(marking.TASK)
        if self._members.card(marking.ADAPTER) is None:
            return
        blend = self._composed(marking.TASK, NOBODY, ()).blend
        yield from marking.marked(session, self._base.tokenizer, words, before, blend=blend, ends=self._ends)

    def _generate(
        self,
        session: Session,
        built: Prompt,
        sampler: Sampler,
        max_tokens: int,
        blend: Blend,
        habits: Habits | None = None,
    ) -> Iterator[str | None]:
        yield from decoding.continuation(
            session,
            self._base.tokenizer,
            built,
            sampler,
            max_tokens=min(max_tokens, self._context - len(built.slots)),
            ends=self._ends,
            blend=blend,
            habits=habits,
        )

    def _composed(self, task: str, personal: Personal, codes: Sequence[str]) -> "_Composed":
        """The task's blend of adapters, the persona's soft tokens where it takes them, its control codes."""
        self.info()
        about, members = self._base.manifest, self._members
        persona = bool(personal.personas or personal.passages)
        return _Composed(
            members.blend(task, Present(persona=persona, personas=personal.personas)),
            [] if personal.vector is None else members.persona_tokens(personal.key, personal.vector),
            control.slots(
                codes or self._kind, about.codes, members.codes(), about.name, self._base.tokenizer
            ),
        )

    def _sampling(self, sampling: Sampling | None, task: str, personal: Personal) -> Sampling:
        """What was asked for, or the usual; min-p is the user's, else the persona's, else the task's."""
        s = self._settings
        usual = min(rewriting.FAITHFUL.get(task, s.temperature), s.temperature)
        chosen = sampling or Sampling(temperature=usual, adaptive=s.adaptive_min_p)
        wanted = (chosen.min_p, s.min_p, personal.min_p, MIN_P.get(task, USUAL_MIN_P))
        return replace(chosen, min_p=next(p for p in wanted if p is not None))

    def _codes(self) -> dict[str, str]:
        there = control.known(self._base.manifest.codes, self._members.codes(), self._base.tokenizer)
        return {code: "genre" if code in control.GENRES else "register" for code in there}

    def _styles(self, task: str) -> list[str]:
        card = self._members.card(task)
        return card.styles if card else []


@dataclass(frozen=True)
class _Composed:
    """What a task is written with."""

    blend: Blend
    persona: list[SoftToken]
    codes: list[Slot]


def _asking(task: str) -> Asking:
    """What a task takes of a persona."""
    return Asking(task in WEIGHED, "persona" in compositions.get(task).projectors)
