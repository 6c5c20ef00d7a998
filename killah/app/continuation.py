"""Lets the model write on at the caret. One undo takes all of it away; any key of the writer's stops it."""

from collections.abc import Callable

from killah.app.listening import listen
from killah.app.protocol import Engine, Job
from killah.app.text_area import GhostTextArea, Origin
from killah.errors import KillahError


class Continuation:
    """At most one stream of text into one text area. All methods run on the UI thread."""

    def __init__(
        self, area: GhostTextArea, engine: Engine, ended: Callable[[KillahError | None, int], None]
    ) -> None:
        self._area = area
        self._engine = engine
        self._on_end = ended
        self._job: Job[str] | None = None
        self._place: Origin | None = None  # text and caret as the last piece left them
        self._characters = 0

    @property
    def running(self) -> bool:
        """Whether text is coming in."""
        return self._job is not None

    def start(self) -> None:
        """Begin at the caret (the end of a selection)."""
        self.stop()
        area = self._area
        area.clear_ghost()
        area.move_cursor(max(area.selection))
        area.history.begin()
        self._job = job = self._engine.continuation(area.text[: area.caret])
        self._place, self._characters = area.origin, 0
        listen(job, self._area, self._arrived, self._finish)

    def stop(self) -> None:
        """End it; what has come stays."""
        if self._job is not None:
            self._job.cancel()
            self._finish(self._job, None)

    def touched(self) -> None:
        """The text or the caret changed: stop if the writer did it."""
        if self._job is not None and self._area.origin != self._place:
            self.stop()

    def _arrived(self, job: Job[str], piece: str) -> None:
        self.touched()
        if job is not self._job:
            return
        self._area.add_piece(piece)
        self._place = self._area.origin
        self._characters += len(piece)

    def _finish(self, job: Job[str], error: KillahError | None) -> None:
        if job is self._job:
            self._job = None
            self._on_end(error, self._characters)
