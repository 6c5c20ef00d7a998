"""An engine that says what a test tells it to, in the shape of `killah.app.protocol.Engine`."""

import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from killah.app.document import Document
from killah.app.editor import Editor
from killah.config import Settings
from killah.errors import KillahError


@dataclass(frozen=True)
class Ghost:
    text: str
    probability: float = 0.9


@dataclass(frozen=True)
class Info:
    name: str = "pushkin-nano"


class Job:
    """Gives what was sent, until `end`."""

    def __init__(self) -> None:
        self.cancelled = False
        self._events: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def send(self, *events: object) -> "Job":
        for event in events:
            self._events.put(event)
        return self

    def end(self, error: KillahError | None = None) -> "Job":
        self._events.put(error)
        return self

    def cancel(self) -> None:
        self.cancelled = True
        self.end()

    def __iter__(self) -> Iterator[Any]:
        while (event := self._events.get()) is not None:
            if isinstance(event, KillahError):
                raise event
            yield event


class ScriptedEngine:
    """`ghost`, `continuation` and `rewrite` make the jobs; without them, jobs wait for the test to send.

    `styles` are those of every task, or the error that asking for them raises.
    """

    def __init__(
        self,
        ghost: Callable[[str], Job] | None = None,
        continuation: Callable[[str], Job] | None = None,
        error: KillahError | None = None,
        rewrite: Callable[[str], Job] | None = None,
        styles: Sequence[str] | KillahError = (),
    ) -> None:
        self._ghost, self._continuation, self._error = ghost, continuation, error
        self._rewrite, self._styles = rewrite, styles
        self.asked: list[tuple[str, int]] = []
        self.beside: list[list[str] | None] = []
        self.jobs: list[Job] = []
        self.rewritten: list[tuple[str, str, str]] = []
        self.persona: str | None = None
        self.kind: Sequence[str] = ()

    def info(self) -> Info:
        if self._error:
            raise self._error
        return Info()

    def ghost(self, text: str, caret: int, *, beside: Sequence[str] | None = None) -> Job:
        self.asked.append((text, caret))
        self.beside.append(None if beside is None else list(beside))
        return self._add(self._ghost(text[:caret]) if self._ghost else Job())

    def continuation(self, text: str) -> Job:
        return self._add(self._continuation(text) if self._continuation else Job())

    def styles(self, task: str) -> list[str]:
        if isinstance(self._styles, KillahError):
            raise self._styles
        return list(self._styles)

    def rewrite(self, task: str, text: str, *, style: str = "") -> Job:
        self.rewritten.append((task, text, style))
        return self._add(self._rewrite(text) if self._rewrite else Job())

    def marked(self, words: Sequence[str], before: str) -> list:
        return []

    def use_persona(self, name: str | None) -> None:
        self.persona = name

    def codes(self) -> dict[str, str]:
        return {"story": "genre", "letter": "genre", "formal": "register"}

    def use_codes(self, codes: Sequence[str]) -> None:
        self.kind = codes

    def _add(self, job: Job) -> Job:
        self.jobs.append(job)
        return job


def always(*texts: str) -> Callable[[str], Job]:
    """A ghost that grows through these texts, wherever it is asked for."""
    return lambda before: Job().send(*map(Ghost, texts)).end()


def never(before: str) -> Job:
    """No ghost: the gate says no."""
    return Job().end()


def editor(
    text: str = "", engine: ScriptedEngine | None = None, path: Path | None = None, **settings: Any
) -> Editor:
    """An editor over a text that is saved already, with ghost text after 10 ms."""
    document = Document(path, text)
    return Editor(document, engine or ScriptedEngine(never), Settings(**{"debounce_ms": 10} | settings))


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Wait for something that threads and timers do."""
    for _ in range(500):
        if condition():
            await pilot.pause()
            return
        await pilot.pause(0.01)
    raise AssertionError("it did not happen within five seconds")


async def at_end(pilot: Pilot[Any]) -> None:
    """Put the caret at the end of the text."""
    pilot.app.area.move_cursor(pilot.app.area.document.end)
    await pilot.pause()


def screen_rows(app: Editor) -> list[str]:
    """What the text area shows, row by row."""
    area = app.area
    return [
        "".join(segment.text for segment in area.render_line(y)).rstrip()
        for y in range(area.scrollable_content_region.height)
    ]
