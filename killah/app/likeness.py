"""How much the text before the caret is like the persona, for the status bar; found off the UI thread."""

from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING

from textual.timer import Timer

from killah.app.text_area import GhostTextArea
from killah.errors import KillahError
from killah.persona import blends

if TYPE_CHECKING:
    from killah.persona.likeness import Likeness

PAUSE = 1.0  # seconds at least from one measurement to the next
REACH = 4000  # characters before the caret: more than the words that are read


class Gauge:
    """Follows one text area. All methods run on the UI thread, except `_measure`."""

    def __init__(self, area: GhostTextArea, changed: Callable[[], None]) -> None:
        self.score: int | None = None
        self._area = area
        self._changed = changed
        self._persona = ""
        self._known: list[tuple[float, Likeness]] | None = None
        self._timer: Timer | None = None
        self._measuring = False

    @property
    def label(self) -> str:
        """The score in a few cells; "" without a persona, or with too little of it or of the text."""
        return "" if self.score is None else f"{self.score} % like you"

    def use(self, persona: str) -> None:
        """Compare with this persona, or blend, from now on; "" for nobody."""
        self._persona, self._known, self.score = persona, None, None
        self.touched()

    def touched(self) -> None:
        """The text or the caret changed: measure soon, once."""
        if self._persona and self._timer is None:
            self._timer = self._area.set_timer(PAUSE, self._start)

    def _start(self) -> None:
        self._timer = None
        if self._measuring:  # a slow machine: later
            self.touched()
        elif self._persona:
            self._measuring = True
            end = max(self._area.caret, REACH // 2)  # who is at the top reads on
            text = self._area.text[:end][-REACH:]
            arguments = (self._persona, self._known, text)
            Thread(target=self._measure, args=arguments, name="likeness", daemon=True).start()

    def _measure(self, persona: str, known: "list[tuple[float, Likeness]] | None", text: str) -> None:
        """On its own thread: the first time the persona is read."""
        score = None
        try:
            known = _read(persona) if known is None else known
            score = _score(known, text)
        except KillahError:  # nothing to compare with: the bar stays as it is without a persona
            known = []
        finally:
            self._area.call_later(self._arrived, persona, known, score)

    def _arrived(self, persona: str, known: "list[tuple[float, Likeness]] | None", score: int | None) -> None:
        self._measuring = False
        if persona == self._persona:
            self._known, self.score = known, score
            self._changed()


def _read(persona: str) -> "list[tuple[float, Likeness]]":
    from killah.persona.likeness import Likeness

    return [(share, Likeness.open(name)) for name, share in blends.parse(persona).items()]


def _score(known: "list[tuple[float, Likeness]]", text: str) -> int | None:
    """The score of a text; that of a blend is the mean by weight of those that know its language."""
    scores = [(share, score) for share, each in known if (score := each.score(text)) is not None]
    total = sum(share for share, _ in scores)
    return round(sum(share * score for share, score in scores) / total) if scores else None
