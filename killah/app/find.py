"""Find: a line above the status bar. Enter goes to the next place, Up and Down either way, Escape closes."""

import re
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.document._document import Location, Selection
from textual.widgets import Input, Label

from killah.app.text_area import GhostTextArea


class FindBar(Horizontal):
    """Searches a text area, without regard to case, and selects what it finds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("down,f3", "step(1)", show=False),
        Binding("up,shift+f3", "step(-1)", show=False),
    ]

    def __init__(self, area: GhostTextArea) -> None:
        super().__init__()
        self._area = area
        self._places: list[Selection] = []

    def compose(self) -> ComposeResult:
        """A label, the line, the count."""
        yield Label("Find")
        yield Input(compact=True)
        yield Label("", id="count")

    def open(self) -> None:
        """Show the bar; a selection on one line becomes what is looked for."""
        self.display = True
        line = self.query_one(Input)
        selected = self._area.selected_text
        if selected and "\n" not in selected:
            line.value = selected
        self._search(line.value)
        line.focus()

    def action_close(self) -> None:
        """Hide the bar and go back to the text, where the last place stays selected."""
        self.display = False
        self._area.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Go to the first place from the caret on."""
        self._search(event.value)
        self._go(self._next(min(self._area.selection), 1))

    def on_input_submitted(self) -> None:
        """Enter goes on."""
        self.action_step(1)

    def action_step(self, direction: int) -> None:
        """Go to the next (1) or last (-1) place, around the end."""
        self._search(self.query_one(Input).value)
        ends = sorted(self._area.selection)
        self._go(self._next(ends[1] if direction > 0 else ends[0], direction))

    def _search(self, words: str) -> None:
        pattern = re.compile(re.escape(words), re.IGNORECASE)
        self._places = [
            Selection((row, match.start()), (row, match.end()))
            for row, line in enumerate(self._area.document.lines)
            for match in (pattern.finditer(line) if words else ())
        ]
        found = f"{len(self._places):,} found" if self._places else "not found"
        self.query_one("#count", Label).update(found if words else "")

    def _next(self, place: Location, direction: int) -> Selection | None:
        if not self._places:
            return None
        if direction > 0:
            return next((found for found in self._places if found.start >= place), self._places[0])
        return next((found for found in reversed(self._places) if found.end <= place), self._places[-1])

    def _go(self, found: Selection | None) -> None:
        if found is not None:
            self._area.selection = found
            self._area.scroll_cursor_visible(center=True)
