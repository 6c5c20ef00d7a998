"""The preview of a rewriting: what would change, word by word. Nothing is in the text before Enter."""

import time
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from killah.app.difference import Kind, difference, readable
from killah.app.keys import letter
from killah.app.prose import PICTURES
from killah.app.rewriting import Place, Rewriting

LOOKS: dict[Kind, str] = {"same": "", "old": "$error strike", "new": "$success bold", "rest": "$quiet"}
MARKS = {code: picture for code, picture in PICTURES.items() if code != ord("\n")}
VERBS: dict[Place, str] = {"replace": "replace", "below": "insert below"}
CHANGED = "The text has changed since, so this cannot go into it."
FRAMES = 15  # per second at most, while it comes in
SHARE = 4  # a frame of a long text takes a while: this many times as long is left to the keys
GAP = "   "
AROUND, NARROW = 6, 2  # rows that are never the text's: margins, heading, status bar


class Preview(ModalScreen[None]):
    """Enter accepts, B inserts below where that makes sense, R or Tab asks for another, Escape keeps."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "accept(0)", show=False, priority=True),
        Binding(letter("b"), "accept(1)", show=False),
        Binding(letter("r") + ",tab", "another", show=False, priority=True),
        Binding("left", "turn(-1)", show=False, priority=True),
        Binding("right", "turn(1)", show=False, priority=True),
        Binding(letter("c"), "copy", show=False),
        Binding("escape", "keep", show=False, priority=True),
    ]

    def __init__(self, rewriting: Rewriting) -> None:
        super().__init__()
        self._rewriting = rewriting
        self._stale = False
        self._next = 0.0  # when the next frame may be drawn, in seconds of `time.monotonic`
        self._heading = Static(classes="heading")
        self._text = Static()
        self._scroll = VerticalScroll(self._text)
        self._warning = Static(CHANGED, classes="warning")
        self._hints = Static(classes="hints")

    def compose(self) -> ComposeResult:
        """The heading, the text that scrolls, a warning where there is need, and the keys."""
        with Vertical(classes="box preview"):
            yield self._heading
            yield self._scroll
            yield self._warning
            yield self._hints

    def on_mount(self) -> None:
        """Show what is there, and from now on what comes."""
        self._scroll.focus()
        if self._rewriting.running and not self._rewriting.task.compared:
            self._scroll.anchor()  # new text comes at its end
        self.set_interval(1 / FRAMES, self._draw_stale)
        self.draw()

    def on_resize(self) -> None:
        """Lay the keys out for the width they now have."""
        self.call_after_refresh(self.draw)

    def draw_soon(self) -> None:
        """More has come: draw it with the next frame."""
        self._stale = True

    def draw(self) -> None:
        """Draw everything."""
        self._stale = False
        self._heading.update(self._heading_content())
        self._text.update(self._text_content())
        self._warning.display = not self._rewriting.fits
        lines = self._hint_lines()
        self._hints.update(Content("\n").join(lines))
        fixed = NARROW if self.has_class("-narrow") else AROUND
        around = fixed + len(lines) + (3 if self._warning.display else 0)
        self._scroll.styles.max_height = max(1, self.size.height - around)

    def _draw_stale(self) -> None:
        start = time.monotonic()
        if self._stale and start >= self._next:
            self.draw()
            now = time.monotonic()
            self._next = now + SHARE * (now - start)

    # What is shown ----------------------------------------------------------------------------------

    def _heading_content(self) -> Content:
        r = self._rewriting
        parts = [r.style] if r.style else []
        if r.running:
            parts.append("writing …")
        elif len(r.candidates) > 1:
            parts.append(f"{r.shown + 1} of {len(r.candidates)}")
        if r.repeated:
            parts.append("the same again")
        if not r.running and r.new == r.old:
            parts.append("no change")
        return Content.assemble(
            (r.task.title, "bold $primary"), *((f"   {part}", "$quiet") for part in parts)
        )

    def _text_content(self) -> Content:
        r = self._rewriting
        if not r.task.compared:
            return Content(r.new.translate(MARKS) or "…")
        spans = readable(difference(r.old, r.new, partial=r.running))
        return Content.assemble(*((span.text.translate(MARKS), LOOKS[span.kind]) for span in spans))

    def _hint_lines(self) -> list[Content]:
        lines: list[list[tuple[str, str]]] = [[]]
        for hint in self._keys():
            if lines[-1] and _width([*lines[-1], hint]) > self._hints.content_size.width:
                lines.append([])
            lines[-1].append(hint)
        return [_line(line) for line in lines]

    def _keys(self) -> list[tuple[str, str]]:
        r = self._rewriting
        if r.running:
            return [("Esc", "back to the last one" if r.candidates else "stop and keep the old")]
        answers = [(key, VERBS[place]) for key, place in zip(("Enter", "B"), r.task.places, strict=False)]
        more = [("← →", "compare")] if len(r.candidates) > 1 else []
        return [
            *(answers if r.fits else []),
            ("R", "another"),
            *more,
            ("C", "copy"),
            ("Esc", "keep the old"),
        ]

    # Keys -------------------------------------------------------------------------------------------

    def action_accept(self, number: int) -> None:
        """Put it into the text, in the first or second way of its task."""
        places = self._rewriting.task.places
        if number < len(places) and self._rewriting.accept(places[number]):
            self.dismiss(None)
        else:
            self.draw()

    def action_another(self) -> None:
        """Ask for another candidate."""
        self._rewriting.another()
        self.draw()

    def action_turn(self, step: int) -> None:
        """Show another of those that are here."""
        self._rewriting.turn(step)
        self.draw()

    def action_copy(self) -> None:
        """Put what is shown on the clipboard."""
        self.app.copy_to_clipboard(self._rewriting.new)
        self.notify("Copied.")

    def action_keep(self) -> None:
        """Keep the old text; while one of several comes in, go back to the others."""
        back = self._rewriting.running and self._rewriting.candidates
        self._rewriting.stop()
        if back:
            self.draw()
        else:
            self.dismiss(None)


def _line(hints: list[tuple[str, str]]) -> Content:
    return Content(GAP).join(
        Content.assemble((key, "bold $foreground"), f" {meaning}") for key, meaning in hints
    )


def _width(hints: list[tuple[str, str]]) -> int:
    return _line(hints).cell_length
