"""The engine as surfaces see it: text in, jobs of text out. MLX stays behind this door."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

import mlx.core as mx

from killah.audio.dictation.text import Marked
from killah.config import Settings
from killah.engine import compositions
from killah.engine.decoding import Ghost
from killah.engine.generation import Generation, ModelInfo
from killah.engine.hearing import expected
from killah.engine.hearing.ear import Ear
from killah.engine.hearing.ways import chosen
from killah.engine.personal.lookups import Asking, Lookups, Personal, given
from killah.engine.sampling import Sampling
from killah.engine.scheduler import Job, Priority, Scheduler, Work
from killah.persona import blends

WEIGHED = frozenset(("autocomplete", "continue"))  # tasks for which a persona's ways are measured
T = TypeVar("T")


@dataclass(frozen=True)
class Counters:
    """Work done so far: positions that went through the model, texts that were embedded."""

    positions: int
    embedded: int


class Engine:
    """Owns the MLX thread with what generates on it (`killah.engine.generation`), and the persona.

    Returns at once; the model loads on its thread, before any other work.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # A thread that ends with streams of its own takes the process down (MLX 0.32).
        self._scheduler = Scheduler(at_end=mx.clear_streams)
        self._generation = Generation(settings)
        self._kind: tuple[str, ...] = ()
        self._scheduler.submit(self._generation.load, Priority.LOAD)
        self._lookups = Lookups(settings.embedder, settings.passages, self._generation.ready.result)

    @property
    def persona(self) -> str | None:
        """Whose writing conditions what is written."""
        return self._lookups.persona

    def info(self) -> ModelInfo:
        """Wait for the model; raises `KillahError` if it could not be loaded."""
        return self._generation.loaded.result()

    @property
    def counters(self) -> Counters:
        """What has been computed; a keystroke inside a paragraph adds only what was typed."""
        return Counters(self._generation.computed, self._lookups.embedded)

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

    def ghost(
        self, text: str, caret: int, codes: Sequence[str] = (), *, beside: Sequence[str] | None = None
    ) -> Job[Ghost]:
        """Suggestion for what follows `text[:caret]`, growing as it is made; nothing if the gate says no.

        `codes` say what kind of text it is: letter, story, formal, ... (`killah.engine.codes`). With `beside`
        it begins otherwise than each of these, and its first word comes whatever the gate says.
        """
        before = text[:caret]
        self._lookups.follow(before, _asking("autocomplete"))
        return self._scheduler.submit(
            lambda: self._generation.ghost(before, self._lookups.nearby, codes or self._kind, beside),
            Priority.KEYSTROKE,
        )

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
        return self._when_found(
            found,
            lambda: self._generation.continuation(
                text, found.result(), sampling, length, codes or self._kind
            ),
        )

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
            found,
            lambda: self._generation.rewrite(
                task, text, style, found.result(), sampling, length, codes or self._kind
            ),
        )

    def styles(self, task: str) -> list[str]:
        """What `style` may be in `rewrite` with the loaded base, the usual one first; waits for the model."""
        return self._asked(lambda: self._generation.styles(task))

    def codes(self) -> dict[str, str]:
        """What `codes` may name with the loaded base, each with its kind, genre or register; waits for it."""
        return self._asked(self._generation.codes)

    def passages(self, text: str) -> list[str]:
        """The persona's passages nearest to the end of `text`, best last; waits for the lookup."""
        return list(self._lookups.ask(text, _asking("continue")).result().passages)

    def ear(self) -> Ear:
        """What hears, on the engine's thread, expecting the persona's words; loaded when first asked."""
        persona, settings = self.persona, self._settings
        return Ear(
            self._scheduler,
            settings.encoder,
            lambda: expected.terms(persona),
            way=chosen(settings.hearing, settings.model, settings.encoder),
            bases=lambda: (self._generation.base, self._generation.members),
        )

    def marked(self, words: Sequence[str], before: str) -> list[Marked]:
        """Dictated words with marks and capitals, behind `before`; none where no adapter has learned that."""
        job = self._scheduler.submit(lambda: self._generation.marked(words, before), Priority.DICTATION)
        return next(iter(job.result()), [])

    def close(self) -> None:
        """End all work and threads."""
        self._lookups.close()
        self._scheduler.close()
        for waited_for in (self._generation.loaded, self._generation.ready):
            waited_for.cancel()  # where loading has not ended, it never will

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _asked(self, question: Callable[[], T]) -> T:
        """What the MLX thread answers, once the model is there."""
        self.info()
        return self._scheduler.submit(lambda: iter([question()]), Priority.LOAD).result()[0]

    def _when_found(self, found: Future[Personal], work: Work[str]) -> Job[str]:
        """A job that joins the queue when the lookup, which runs on its own thread, has ended."""
        job = Job(work, Priority.REWRITE)
        found.add_done_callback(lambda _: self._scheduler.start(job))
        return job


def _asking(task: str) -> Asking:
    """What a task takes of a persona."""
    return Asking(task in WEIGHED, "persona" in compositions.get(task).projectors)
