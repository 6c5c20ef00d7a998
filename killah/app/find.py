"""Find and replace: one or two lines above the status bar. Enter goes on, Tab to the other, Escape closes."""

import re
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.document._document import Location, Selection
from textual.widgets import Input, Label

from killah.app.keys import both
from killah.app.text_area import GhostTextArea
from killah.audio.commands.buffer import Change, Edit, source_at
from killah.audio.commands.finding import cased_like

ALSO = {"'": "['’]", "е": "[её]", "-": "[-‑]"}  # what is typed may stand for what is written


class FindBar(Vertical):
    """Searches a text area whatever the case, selects what it finds, and replaces it where that is asked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("down,f3", "step(1)", show=False),
        Binding("up,shift+f3", "step(-1)", show=False),
        Binding("tab,shift+tab", "other_line", show=False, priority=True),
        Binding(both("ctrl+a"), "all", show=False, priority=True),
    ]

    def __init__(self, area: GhostTextArea) -> None:
        super().__init__()
        self._area = area
        self._places: list[Selection] = []

    def compose(self) -> ComposeResult:
        """What is looked for, how often it is there; what is to stand in its place, and how to say so."""
        with Horizontal():
            yield Label("Find")
            yield Input(compact=True, id="words")
            yield Label("", id="count")
        with Horizontal(id="replacing"):
            yield Label("Replace with")
            yield Input(compact=True, id="new")
            yield Label("Enter this one   Ctrl A all", id="hints")

    @property
    def _words(self) -> str:
        return self.query_one("#words", Input).value

    def open(self, *, replacing: bool = False) -> None:
        """Show the bar; a selection on one line becomes what is looked for."""
        self.display = True
        self.query_one("#replacing").display = replacing
        line = self.query_one("#words", Input)
        selected = self._area.selected_text
        if selected and "\n" not in selected:
            line.value = selected
        self._search()
        line.focus()

    def action_close(self) -> None:
        """Hide the bar and go back to the text, where the last place stays selected."""
        self.display = False
        self._area.focus()

    def action_other_line(self) -> None:
        """From what is looked for to what is to stand there, and back."""
        self.query_one("#replacing").display = True
        self.query_one("#words" if self.query_one("#new").has_focus else "#new").focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Go to the first place from the caret on."""
        if event.input.id == "words":
            self._search()
            self._go(self._next(min(self._area.selection), 1))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes on; from the second line, with what is selected replaced."""
        if event.input.id == "new":
            self._search()
            here = Selection(*sorted(self._area.selection))
            if here in self._places:
                self._replace([here])
        self.action_step(1)

    def action_step(self, direction: int) -> None:
        """Go to the next (1) or last (-1) place, around the end."""
        self._search()
        ends = sorted(self._area.selection)
        self._go(self._next(ends[1] if direction > 0 else ends[0], direction))

    def action_all(self) -> None:
        """Replace it everywhere, as one step of undo; on the first line, select what stands there."""
        if self.query_one("#words").has_focus:
            self.query_one("#words", Input).select_all()
            return
        self._search()
        count = len(self._places)
        if count:
            self._replace(self._places)
        self._search()
        self.query_one("#count", Label).update(f"{count:,} replaced")

    def _replace(self, places: list[Selection]) -> None:
        """Written as it is given; where nobody looked for capitals, with those that were there."""
        area, new = self._area, self.query_one("#new", Input).value
        text, spans = area.text, area.history.spans
        edits = []
        for place in places:
            start, end = map(area.document.index, place)
            old = text[start:end]
            written = cased_like(old, new) if self._words.islower() else new
            edits.append(Edit(start, end, written, *source_at(spans, start, end)))
        caret = edits[0].start + len(edits[0].text)
        area.change(Change(tuple(reversed(edits)), (caret, caret)))

    def _search(self) -> None:
        words = self._words
        pattern = re.compile("".join(ALSO.get(each, re.escape(each)) for each in words), re.IGNORECASE)
        self._places = [
            Selection((row, match.start()), (row, match.end()))
            for row, line in enumerate(self._area.document.lines)
            for match in (pattern.finditer(line) if words else ())
        ]
        self._tell_count()

    def _tell_count(self) -> None:
        found, here = self._places, Selection(*sorted(self._area.selection))
        what = f"{found.index(here) + 1:,} of {len(found):,}" if here in found else f"{len(found):,} found"
        self.query_one("#count", Label).update((what if found else "not found") if self._words else "")

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
            self._tell_count()
