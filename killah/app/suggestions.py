"""Notes for the journal of suggestions: each ghost, its fate, and what the writer wrote at its place."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from killah.app.text_area import GhostTextArea, Outcome
from killah.errors import KillahError
from killah.persona import suggestions
from killah.persona.suggestions import CONTEXT, LONGEST, Fate, Suggestion

SURE = 40  # characters before the place that must still be there, or nothing is known of it


@dataclass
class _Open:
    """A suggestion whose end is not known yet: `place` and `end` are characters from the text's beginning."""

    persona: str
    context: str
    place: int
    end: int
    shown: str
    time: float
    fate: Fate = "ignored"


class Noted:
    """Follows one text area. All methods run on the UI thread; `on` may be changed at any time."""

    def __init__(self, area: GhostTextArea, on: bool, complain: Callable[[KillahError], None]) -> None:
        self.on = on
        self._area = area
        self._complain = complain
        self._open: list[_Open] = []
        self._version = -1

    def shown(self, text: str, persona: str, *, grown: bool) -> None:
        """A ghost is up at the caret; `grown` if it was up before, with less text."""
        if not self.on:
            return
        if grown and self._open:
            self._open[-1].shown = text
            return
        caret = self._area.caret
        context = self._area.text[max(0, caret - CONTEXT) : caret]
        self._open.append(_Open(persona, context, caret, caret, text, time.time()))
        self._version = self._area.document.version

    def settled(self, outcome: Outcome) -> None:
        """What became of the ghost."""
        if self._open and not (self._open[-1].fate == "word" and outcome == "dismissed"):
            self._open[-1].fate = outcome

    def touched(self) -> None:
        """The text or the caret changed: who goes elsewhere has written what there was to write."""
        if not self._open:
            return
        caret, version = self._area.caret, self._area.document.version
        if version == self._version:
            if caret != self._open[-1].end:
                self.finish()
            return
        self._version = version
        if caret < self._open[0].place:
            self.finish()
            return
        for each in self._open:
            each.end = max(caret, each.place)
        if caret - self._open[0].place > 2 * LONGEST:  # several at a time: the text is long
            self._close([each for each in self._open if caret - each.place > LONGEST])

    def finish(self) -> None:
        """Write down all that is open, as it is."""
        self._close(self._open)

    def _close(self, closed: list[_Open]) -> None:
        if not closed:
            return
        text = self._area.text
        self._open = [each for each in self._open if each not in closed]
        try:
            suggestions.add([_suggestion(each, text) for each in closed])
        except KillahError as error:
            self.on = False
            self._complain(error)


def _suggestion(found: _Open, text: str) -> Suggestion:
    written = ""
    if text[: found.place].endswith(found.context[-SURE:]):
        written = text[found.place : found.end]
        if len(written) > LONGEST:
            written = written[:LONGEST].rsplit(maxsplit=1)[0]
    return Suggestion(found.persona, found.context, found.shown, found.fate, written, round(found.time, 1))
