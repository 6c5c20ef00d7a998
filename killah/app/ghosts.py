"""Asks the engine for ghost text while the writer pauses, and drops every answer that comes too late."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Thread
from typing import Literal

from textual.timer import Timer

from killah.app.figures import Figures
from killah.app.protocol import Engine, Ghost, Job
from killah.app.text_area import GhostTextArea, Origin
from killah.config import Settings
from killah.errors import KillahError

State = Literal["off", "idle", "thinking", "shown", "failed"]

MARKS = {"idle": "○", "thinking": "◌", "shown": "●"}


@dataclass(eq=False)
class Request:
    """One question to the engine. `due` is when it was due, in seconds of `time.monotonic`."""

    job: Job[Ghost]
    origin: Origin
    due: float
    wanted: bool  # somebody asked for it
    shown: bool = field(default=False)


class Ghosts:
    """Ghost text for one text area. All methods run on the UI thread, except `_listen`."""

    def __init__(
        self,
        area: GhostTextArea,
        engine: Engine,
        settings: Settings,
        changed: Callable[[], None],
        shown: Callable[[str, bool], None] = lambda _text, _grown: None,
    ) -> None:
        self.figures = Figures()
        self.error: KillahError | None = None
        self._area = area
        self._engine = engine
        self._on = settings.ghost
        self._debounce = settings.debounce_ms / 1000
        self._changed = changed
        self._on_shown = shown
        self._request: Request | None = None
        self._timer: Timer | None = None
        self._others: tuple[Origin, list[str]] | None = None  # what another was asked for beside, and where

    @property
    def state(self) -> State:
        """What the status bar shows."""
        if not self._on:
            return "off"
        if self.error is not None:
            return "failed"
        if self._area.offered:
            return "shown"
        return "thinking" if self._request is not None else "idle"

    @property
    def label(self) -> str:
        """The state in a few cells: whether ghost text is on, at work, and how fast it last was."""
        if (state := self.state) in ("off", "failed"):
            return f"ghost {state}"
        latency = f" {1000 * self.figures.latencies[-1]:.0f} ms" if self.figures.latencies else ""
        return f"{MARKS[state]} ghost{latency}"

    def turn(self, on: bool) -> None:
        """Switch ghost text on or off; switching on forgets an earlier failure."""
        self._on, self.error = on, None
        if not on:
            self.stop()
            self._area.clear_ghost()
        self._changed()

    def touched(self) -> None:
        """The text or the caret changed: ask again after the debounce, unless it was typed along."""
        if self._area.suggestion:
            return
        self.stop()
        if self._on and self.error is None and self._area.fresh:
            self._timer = self._area.set_timer(self._debounce, self._ask)

    def another(self) -> bool:
        """Ask for a suggestion that begins otherwise than those shown here; False where there can be none.

        It comes also where ghost text is off, or the engine is not sure.
        """
        if not self._askable or self.error is not None:
            return False
        origin, offered = self._area.origin, self._area.offered
        if self._others is None or self._others[0] != origin:
            self._others = origin, []
        if offered:
            self._others[1].append(offered)
            self.figures.settle("dismissed", 0)
        self.stop()
        self._area.forget_ghost()
        self._ask(tuple(self._others[1]))
        return True

    def skip(self) -> None:
        """Do not ask about the text as it is now."""
        self.stop()
        self._area.fresh = False

    def stop(self) -> None:
        """Cancel what is asked for or about to be."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._request is not None:
            self._request.job.cancel()
            self._request = None

    @property
    def _askable(self) -> bool:
        return self._area.at_word_end and self._area.document.words > 0

    def _ask(self, beside: Sequence[str] | None = None) -> None:
        self._timer = None
        area = self._area
        area.fresh = False
        if not self._askable:
            return
        self.figures.asked += 1
        job = self._engine.ghost(area.text, area.caret, beside=beside)
        wanted = beside is not None
        due = area.key_time if wanted else area.key_time + self._debounce
        self._request = Request(job, area.origin, due, wanted)
        Thread(target=self._listen, args=(self._request,), name="ghost", daemon=True).start()
        self._changed()

    def _listen(self, request: Request) -> None:
        """On its own thread: pass events on. `call_later` never waits, and drops what comes too late."""
        error = None
        try:
            for ghost in request.job:
                self._area.call_later(self._arrived, request, ghost.text)
        except KillahError as failure:
            error = failure
        finally:
            self._area.call_later(self._ended, request, error)

    def _arrived(self, request: Request, text: str) -> None:
        if request is not self._request or not self._area.offer(request.origin, text):
            return
        self._on_shown(text, request.shown)
        if not request.shown:
            request.shown = True
            self.figures.shown += 1
            self._area.call_after_refresh(self._drawn, request)
        self._changed()

    def _drawn(self, request: Request) -> None:
        self.figures.latencies.append(time.monotonic() - request.due)
        self._changed()

    def _ended(self, request: Request, error: KillahError | None) -> None:
        if request is self._request:
            self._request = None
            if request.wanted and not request.shown and error is None:
                self._area.notify("The model knows no other words here.")
        if error is not None and self.error is None:
            self.error = error
        self._changed()
