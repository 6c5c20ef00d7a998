"""The writing surface: prose, with ghost text that wraps, is kept while typed along, and is never stale."""

import re
import time
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.document._document import EditResult, Location, Selection
from textual.document._edit import Edit
from textual.message import Message

from killah.app.keys import both
from killah.app.prose import ProseArea
from killah.app.wrapping import Placed

Outcome = Literal["accepted", "word", "dismissed", "typed"]
Origin = tuple[int, Location]  # what a suggestion was asked for: version of the text, place of the caret

FIRST_WORD = re.compile(r"\s*\S+|\s+")
DRAWABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]*")


class GhostTextArea(ProseArea):
    """Text with at most one ghost, at the caret.

    `offer` shows ghost text; Tab takes it, Ctrl+Right a word of it, Escape none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "accept", show=False),
        Binding("ctrl+right,alt+right", "accept_word", show=False),
        # With priority, or TextArea may take the key for itself.
        Binding("escape", "dismiss", show=False, priority=True),
        Binding("ctrl+home", "text_start", show=False),
        Binding("ctrl+end", "text_end", show=False),
        Binding(both("ctrl+z,super+z"), "undo", show=False),
        Binding(both("ctrl+y,super+y,ctrl+shift+z,super+shift+z"), "redo", show=False),
        Binding(both("ctrl+x"), "cut", show=False),
        Binding(both("ctrl+c"), "copy", show=False),
        Binding(both("ctrl+v"), "paste", show=False),
        Binding(both("ctrl+a"), "cursor_line_start", show=False),
        Binding(both("ctrl+e"), "cursor_line_end", show=False),
        Binding(both("ctrl+w"), "delete_word_left", show=False),
        Binding(both("ctrl+d"), "delete_right", show=False),
        Binding(both("ctrl+u"), "delete_to_start_of_line", show=False),
        Binding(both("ctrl+k"), "delete_to_end_of_line_or_delete_line", show=False),
    ]

    @dataclass
    class Settled(Message):
        """What became of a ghost, and how many of its words were taken at once."""

        outcome: Outcome
        words: int = 0

    def __init__(self, text: str = "", *, placeholder: str = "") -> None:
        self._origin: Origin | None = None  # set while a ghost is up
        self._typed = ""  # what was typed along since
        self._said = False  # the ghost is words that are being said, which nobody can take
        self._refused: Origin | None = None  # where the last ghost was dismissed
        self.fresh = False  # the text was changed, other than by undo, and nothing was asked for since
        self.key_time = 0.0  # of the last key or paste, in seconds of `time.monotonic`
        super().__init__(text, placeholder=placeholder)

    @property
    def origin(self) -> Origin:
        """What a suggestion asked for now belongs to."""
        return self.document.version, self.cursor_location

    @property
    def at_word_end(self) -> bool:
        """Whether ghost text would not cut a word in two, and nothing is selected."""
        row, column = self.cursor_location
        after = self.document[row][column : column + 1]
        return self.selection.is_empty and not after.isalnum()

    def offer(self, origin: Origin, text: str) -> bool:
        """Show a suggestion that was asked for at `origin`; False if it no longer fits what is there."""
        if origin == self._refused or self._said:
            return False
        if origin == self._origin and text.startswith(self._typed):
            rest = text[len(self._typed) :]
        elif origin == self.origin and self._origin is None:
            rest, self._typed = text, ""
        else:
            return False
        match = DRAWABLE.match(rest)
        if match is None or not match.group():
            return False
        self._origin = origin
        self._place(match.group())
        return True

    def clear_ghost(self) -> None:
        """Take the ghost away, if there is one."""
        if self._origin is not None:
            self._origin, self._typed, self._said = None, "", False
            self._place("")

    def show_said(self, text: str) -> bool:
        """Show words that are being said in place of those before; False where ghost text is shown."""
        if self._origin is not None and not self._said:
            return False
        self.clear_ghost()
        if text and DRAWABLE.fullmatch(text := text.replace("\n", "⏎")):
            self._origin, self._typed, self._said = self.origin, "", True
            self._place(text)
        return True

    @property
    def offered(self) -> str:
        """Ghost text that can be taken."""
        return "" if self._said else self.suggestion

    def forget_ghost(self) -> None:
        """Take the ghost away, and be open for another at the same place."""
        self.clear_ghost()
        self._refused, self.fresh, self.key_time = None, True, time.monotonic()

    def _place(self, text: str) -> None:
        old = self.wrapped_document.ghost
        line = old.row if old is not None else self.cursor_location[0]
        rows = self.wrapped_document.rows(line)
        self.suggestion = text
        self.wrapped_document.show(Placed(*self.cursor_location, text) if text else None)
        self._refresh_size()
        self.repaint_line(line, rows)
        if self.document.characters == 0:  # the placeholder makes room, also where it has several rows
            self.refresh()
        if text:
            self.scroll_cursor_visible()
        else:
            self._recompute_cursor_offset()

    def edit(self, edit: Edit) -> EditResult:
        """Do an edit; the ghost stays when the edit is its own beginning, and goes otherwise."""
        if self.suggestion and not edit.from_location == edit.to_location == self.cursor_location:
            self.clear_ghost()
        ghost, origin, typed = self.suggestion, self._origin, self._typed
        along = bool(edit.text) and ghost.startswith(edit.text) and not self._said
        rest = ghost[len(edit.text) :] if along else ""
        self._origin, self._typed, self._said = None, "", False
        # TextArea takes what was typed from `suggestion` itself; the edit lays the line out again.
        row, column = edit.top
        self.wrapped_document.after_edit = Placed(row, column + len(edit.text), rest) if rest else None
        if not rest:
            self.suggestion = ""
        result = super().edit(edit)
        self.fresh = True
        if rest:
            self._origin, self._typed = origin, typed + edit.text
        elif along:
            self.post_message(self.Settled("typed"))
        return result

    def undo(self) -> None:
        """Undo one step."""
        self.clear_ghost()
        self.fresh = False
        super().undo()

    def redo(self) -> None:
        """Redo one step."""
        self.clear_ghost()
        self.fresh = False
        super().redo()

    def _watch_selection(self, previous_selection: Selection, selection: Selection) -> None:
        if previous_selection != selection:
            self.clear_ghost()
        super()._watch_selection(previous_selection, selection)

    def _set_document(self, text: str, language: str | None) -> None:
        self._origin, self._typed, self._refused, self.fresh = None, "", None, False
        self._said = False
        self.suggestion = ""
        super()._set_document(text, language)

    # Keys -------------------------------------------------------------------------------------------

    async def _on_key(self, event: events.Key) -> None:
        # Textual calls TextArea's own handler after this one.
        self.key_time = event.time

    async def _on_paste(self, event: events.Paste) -> None:
        self.key_time = event.time

    def action_accept(self) -> None:
        """Take the whole ghost; without one, indent."""
        if self.offered:
            self._take(self.offered, "accepted")
        else:
            self._replace_via_keyboard(" " * self._find_columns_to_next_tab_stop(), *self.selection)

    def action_accept_word(self) -> None:
        """Take the ghost's first word; without a ghost, move a word to the right."""
        if match := FIRST_WORD.match(self.offered):
            self._take(match.group(), "word")
        else:
            self.action_cursor_word_right()

    def _take(self, text: str, outcome: Outcome) -> None:
        if text == self.suggestion:
            self.clear_ghost()
        self.history.begin()
        with self.history.written("generated"):
            self.insert(text, maintain_selection_offset=False)
        self.history.checkpoint()
        self.post_message(self.Settled(outcome, len(text.split())))

    def action_dismiss(self) -> None:
        """Take the ghost away until something is typed."""
        if not self.offered:
            raise SkipAction
        self._refused = self._origin
        self.clear_ghost()
        self.post_message(self.Settled("dismissed"))

    def action_cursor_right(self, select: bool = False) -> None:
        """Move right. TextArea would take the ghost, even when selecting."""
        self.clear_ghost()
        super().action_cursor_right(select)

    def action_text_start(self) -> None:
        """Go to the beginning of the text."""
        self.move_cursor((0, 0))

    def action_text_end(self) -> None:
        """Go to its end."""
        self.move_cursor(self.document.end)

    def _replace_via_keyboard(self, insert: str, start: Location, end: Location) -> EditResult | None:
        # Terminals paste carriage returns for line breaks.
        return super()._replace_via_keyboard(insert.replace("\r\n", "\n").replace("\r", "\n"), start, end)
