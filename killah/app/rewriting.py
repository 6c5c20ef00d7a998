"""What the model makes of one passage: candidates, until the writer takes one or keeps the old text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from killah.app.listening import listen
from killah.app.passage import Passage, place_below
from killah.app.protocol import Engine, Job
from killah.app.text_area import GhostTextArea
from killah.errors import KillahError

Place = Literal["replace", "below"]  # instead of the passage, or after it as a paragraph of its own


@dataclass(frozen=True)
class Task:
    """A way to rewrite: `name` is the engine's. Enter takes the first of `places`, B the second.

    `styled`: the writer chooses a style, where there are several. `compared`: shown as a difference.
    """

    name: str
    title: str
    doing: str
    places: tuple[Place, ...]
    styled: bool = False
    compared: bool = False


TASKS = {
    task.name: task
    for task in (
        Task("rephrase", "Rephrase", "rephrasing", ("replace",), styled=True, compared=True),
        Task("summarise", "Summary", "summarising", ("replace", "below")),
        Task("story", "Story", "writing a story", ("below",)),
    )
}


class Rewriting:
    """One passage of one text area. All methods run on the UI thread.

    `ended` is told of each candidate that is whole: its text (empty if there is none), or an error.
    """

    def __init__(
        self,
        area: GhostTextArea,
        engine: Engine,
        task: Task,
        style: str,
        passage: Passage,
        *,
        changed: Callable[[], None],
        ended: Callable[[KillahError | None, str], None],
    ) -> None:
        self.task = task
        self.style = style
        self.old = _unix(passage.text)
        self.candidates: list[str] = []
        self.shown = 0
        self.repeated = False  # the last candidate was one that is here already
        self._area = area
        self._engine = engine
        self._passage = passage
        self._changed = changed
        self._on_end = ended
        self._job: Job[str] | None = None
        self._coming = ""

    @property
    def running(self) -> bool:
        """Whether a candidate is coming in."""
        return self._job is not None

    @property
    def new(self) -> str:
        """What is shown: the candidate that is coming in, or the chosen one of those that are here."""
        if self.running:
            return _unix(self._coming).lstrip()
        return self.candidates[self.shown] if self.candidates else ""

    @property
    def fits(self) -> bool:
        """Whether the passage is still in the text, so that nothing of the writer's can be lost."""
        return self._passage.stands_in(self._area.document)

    def another(self) -> None:
        """Begin another candidate; one that is coming in is dropped."""
        self.stop()
        self._coming, self.repeated = "", False
        self._job = job = self._engine.rewrite(self.task.name, self.old, style=self.style)
        listen(job, self._area, self._arrived, self._finish)
        self._changed()

    def stop(self) -> None:
        """Drop the candidate that is coming in, if one is."""
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def turn(self, step: int) -> None:
        """Show the next (1) or last (-1) candidate, around the end."""
        if self.candidates and not self.running:
            self.shown = (self.shown + step) % len(self.candidates)
            self._changed()

    def accept(self, place: Place) -> bool:
        """Put what is shown into the text, as one step of undo; False where the passage is gone."""
        if self.running or not self.candidates or not self.fits:
            return False
        area, passage = self._area, self._passage
        new = self.new.replace("\n", "\r\n") if "\r\n" in passage.text else self.new
        area.clear_ghost()
        area.history.begin()
        with area.history.written("generated"):
            if place == "replace":
                area.replace(new, passage.start, passage.end, maintain_selection_offset=False)
            else:
                at, after = place_below(area.document, passage.end)
                area.replace(f"\n\n{new}{after}", at, at, maintain_selection_offset=False)
        area.history.checkpoint()
        area.fresh = False  # ghost text is for what the writer types
        return True

    def _arrived(self, job: Job[str], piece: str) -> None:
        if job is self._job:
            self._coming += piece
            self._changed()

    def _finish(self, job: Job[str], error: KillahError | None) -> None:
        if job is not self._job:
            return
        self._job = None
        text = _unix(self._coming).strip()
        if error is None and text:
            self.repeated = text in self.candidates
            if not self.repeated:
                self.candidates.append(text)
            self.shown = self.candidates.index(text)
        self._on_end(error, text)


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
