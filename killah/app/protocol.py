"""What the editor needs of an engine; `killah.engine.Engine` has this shape, and so have scripted ones."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

from killah.audio.dictation.live import Listener
from killah.audio.dictation.text import Marked

Event_co = TypeVar("Event_co", covariant=True)


class Ghost(Protocol):
    """A suggestion: the whole text to insert at the caret."""

    @property
    def text(self) -> str:
        """Whole words; later events of the same job only add to it."""
        ...


class ModelInfo(Protocol):
    """The loaded model."""

    @property
    def name(self) -> str:
        """Its short name, as `killah models list` shows it."""
        ...


class Job(Protocol[Event_co]):
    """Work under way: iterate for its events (blocks), or cancel it from any thread."""

    def __iter__(self) -> Iterator[Event_co]:
        """Events until the work ends; raises what the work raised."""
        ...

    def cancel(self) -> None:
        """End the work soon, and the iteration with it. Harmless when it is over."""
        ...


class Engine(Protocol):
    """Methods return at once, except `info` and `styles`; all are safe from any thread."""

    def info(self) -> ModelInfo:
        """Wait for the model; raises `KillahError` if it cannot be loaded."""
        ...

    def ghost(self, text: str, caret: int, *, beside: Sequence[str] | None = None) -> Job[Ghost]:
        """A suggestion for what follows `text[:caret]`, growing; no event when none is good enough.

        With `beside` one that begins otherwise than each of these, good or not.
        """
        ...

    def continuation(self, text: str) -> Job[str]:
        """Text that goes on from `text`, in pieces."""
        ...

    def styles(self, task: str) -> list[str]:
        """What `style` of `rewrite` may be; may be empty. Waits for the model, whose errors it raises."""
        ...

    def rewrite(self, task: str, text: str, *, style: str = "") -> Job[str]:
        """What becomes of `text`, in pieces, another each time; `task` is rephrase, summarise or story."""
        ...

    def use_persona(self, name: str | None) -> None:
        """Condition on this persona's writing from now on; None for nobody's."""
        ...

    def codes(self) -> dict[str, str]:
        """Control codes, each with its kind, of which a text has one. Waits for the model, as `info`."""
        ...

    def ear(self) -> Listener:
        """What hears; loads when it is first asked something, and raises `KillahError` where it cannot."""
        ...

    def marked(self, words: Sequence[str], before: str) -> list[Marked]:
        """Dictated words with marks and capitals, behind `before`; none where no model has learned it."""
        ...

    def use_codes(self, codes: Sequence[str]) -> None:
        """Write this kind of text from now on; nothing for no kind."""
        ...
