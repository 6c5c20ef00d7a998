"""The half of the engine that runs on the MLX thread: the base with its adapters, and what each task writes.

What returns an iterator is work for `killah.engine.scheduler`; it yields None where it may be interrupted.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from killah import devices
from killah.audio.dictation.text import Marked
from killah.config import Settings
from killah.engine import codes as control
from killah.engine import decoding, prompt, rewriting
from killah.engine.decoding import Ghost
from killah.engine.gate import Gate
from killah.engine.habits import Habits
from killah.engine.hearing import marking
from killah.engine.members import Members, Present
from killah.engine.personal.lookups import NOBODY, Personal, Ready
from killah.engine.prompt import Prompt, Slot, SoftToken
from killah.engine.sampling import MIN_P, USUAL_MIN_P, Sampler, Sampling
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


@dataclass(frozen=True)
class _Composed:
    """What a task is written with."""

    blend: Blend
    persona: list[SoftToken]
    codes: list[Slot]


class Generation:
    """The base with its adapters, and a session for each task.

    `load` comes first; `loaded`, and then `ready` for what lookups need, tell other threads how it went.
    `codes` of a method say what kind of text it is.
    """

    def __init__(self, settings: Settings) -> None:
        self.base: base.Base
        self.members: Members
        self.loaded: Future[ModelInfo] = Future()
        self.ready: Future[Ready] = Future()
        self._settings = settings
        self._gate: Gate
        self._sessions: dict[str, Session] = {}

    @property
    def computed(self) -> int:
        """Positions that went through the model so far."""
        return sum(each.computed for each in self._sessions.values())

    def load(self) -> Iterator[None]:
        """Load the base; then, at the next turn, find out what personas are read with."""
        try:
            folder = catalog.find(self._settings.model)
            self.base = base.load(folder)
            self._gate = Gate.read(folder)
            self.members = Members(self.base)
        except Exception as error:  # raised again wherever the model is needed
            self.loaded.set_exception(error)
            self.ready.set_exception(error)
            return
        about, context = self.base.manifest, self._context
        self.loaded.set_result(ModelInfo(about.name, about.parameters, context, devices.prepare().kind))
        yield
        try:
            reads = self.members.persona_reads()
            self.ready.set_result(Ready(about.name, self.base.tokenizer, reads))
        except Exception as error:  # raised again wherever a persona is needed
            self.ready.set_exception(error)

    def ghost(
        self, before: str, personal: Personal, codes: Sequence[str], beside: Sequence[str] | None
    ) -> Iterator[Ghost | None]:
        """A suggestion for what follows `before`, growing; beside others, if it was asked for."""
        session, settings = self._session("autocomplete"), self._settings
        composed = self._composed("autocomplete", personal, codes)
        yield from decoding.ghost(
            session,
            self.base.tokenizer,
            self._prompt(before, self._context - GHOST_ROOM, composed, personal),
            self._gate,
            words=settings.ghost_words,
            precision=settings.ghost_precision,
            blend=composed.blend,
            habits=personal.habits,
            beside=beside,
        )

    def continuation(
        self,
        text: str,
        personal: Personal,
        sampling: Sampling | None,
        max_tokens: int,
        codes: Sequence[str],
    ) -> Iterator[str | None]:
        """What goes on from `text`, in pieces."""
        session, sampler = self._session("continue"), self._sampler(sampling, "continue", personal)
        composed = self._composed("continue", personal, codes)
        room = max(self._context - max_tokens, self._context // 2)
        built = self._prompt(text, room, composed, personal)
        yield from self._written(session, built, sampler, max_tokens, composed.blend, personal.habits)

    def rewrite(
        self,
        task: str,
        text: str,
        style: str,
        personal: Personal,
        sampling: Sampling | None,
        max_tokens: int,
        codes: Sequence[str],
    ) -> Iterator[str | None]:
        """`text` rewritten as `task` and `style` say, in pieces."""
        session, sampler = self._session(task), self._sampler(sampling, task, personal)
        composed = self._composed(task, personal, codes)
        rewriting.check_style(task, style, self.styles(task))
        for part in rewriting.parts(task, text):
            if not part.rewritten:
                yield part.text
                continue
            length = rewriting.longest(task, part.text, self.base.tokenizer, max_tokens)
            built = rewriting.build(
                self.base.tokenizer,
                task,
                style,
                part.text,
                self._context - length,
                composed.persona,
                composed.codes,
            )
            yield from self._written(session, built, sampler, length, composed.blend)

    def marked(self, words: Sequence[str], before: str) -> Iterator[list[Marked] | None]:
        """Words with marks and capitals, behind `before`; nothing where no adapter has learned that."""
        session = self._session(marking.TASK)
        if self.members.card(marking.ADAPTER) is None:
            return
        blend = self._composed(marking.TASK, NOBODY, ()).blend
        yield from marking.marked(session, self.base.tokenizer, words, before, blend=blend, ends=self._ends)

    def styles(self, task: str) -> list[str]:
        """What `style` may be in `rewrite`, the usual one first."""
        card = self.members.card(task)
        return card.styles if card else []

    def codes(self) -> dict[str, str]:
        """What `codes` may name, each with its kind, genre or register."""
        there = control.known(self.base.manifest.codes, self.members.codes(), self.base.tokenizer)
        return {code: "genre" if code in control.GENRES else "register" for code in there}

    @property
    def _context(self) -> int:
        return min(self.base.context, self._settings.context)

    @property
    def _ends(self) -> list[int]:
        """Ids that end what the model writes."""
        eos = self.base.model.config.eos_token_id
        return eos if isinstance(eos, list) else [eos]

    def _session(self, task: str) -> Session:
        if task not in self._sessions:
            self.loaded.result()  # loading came first in the queue: this only raises its error
            self._sessions[task] = Session(self.base.model, self.members.stack)
        return self._sessions[task]

    def _composed(self, task: str, personal: Personal, codes: Sequence[str]) -> _Composed:
        """The task's blend of adapters, the persona's soft tokens where it takes them, its control codes."""
        about, members = self.base.manifest, self.members
        persona = bool(personal.personas or personal.passages)
        return _Composed(
            members.blend(task, Present(persona=persona, personas=personal.personas)),
            [] if personal.vector is None else members.persona_tokens(personal.key, personal.vector),
            control.slots(codes, about.codes, members.codes(), about.name, self.base.tokenizer),
        )

    def _prompt(self, text: str, room: int, composed: _Composed, personal: Personal) -> Prompt:
        return prompt.build(
            self.base.tokenizer,
            text,
            room,
            persona=composed.persona,
            codes=composed.codes,
            passages=personal.passages,
        )

    def _sampler(self, sampling: Sampling | None, task: str, personal: Personal) -> Sampler:
        """What was asked for, or the usual; min-p is the user's, else the persona's, else the task's."""
        s = self._settings
        usual = min(rewriting.FAITHFUL.get(task, s.temperature), s.temperature)
        chosen = sampling or Sampling(temperature=usual, adaptive=s.adaptive_min_p)
        wanted = (chosen.min_p, s.min_p, personal.min_p, MIN_P.get(task, USUAL_MIN_P))
        return Sampler(replace(chosen, min_p=next(p for p in wanted if p is not None)))

    def _written(
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
            self.base.tokenizer,
            built,
            sampler,
            max_tokens=min(max_tokens, self._context - len(built.slots)),
            ends=self._ends,
            blend=blend,
            habits=habits,
        )
