"""A text area for prose of any length: a key repaints the rows it changes, whatever the size of the document.

Textual's own repaints every row, lays the screen out when the height changes, and looks at the whole
document for each row. What is used of its private parts is held by tests.
"""

from bisect import bisect_right
from collections import defaultdict

from rich.text import Text
from textual import events
from textual.document._document import EditResult, Location, Selection
from textual.document._edit import Edit
from textual.geometry import Size
from textual.reactive import Reactive, reactive
from textual.strip import Strip
from textual.widgets import TextArea

from killah.app.clusters import LetterNavigator
from killah.app.history import History
from killah.app.plain_text import PlainText, word_at
from killah.app.wrapping import GhostWrap, Row
from killah.audio.commands.buffer import Buffer, Change, Source

# Control characters have no width of their own: draw their pictures, and let the file keep them.
PICTURES = {code: 0x2400 + code for code in range(32) if code != 9}
PICTURES |= {0x7F: 0x2421, 0x2028: 0x2424, 0x2029: 0x2424}
PICTURES |= dict.fromkeys(range(0x80, 0xA0), 0x00B7)


class ProseArea(TextArea):
    """A soft-wrapped `PlainText`, without highlighting."""

    # Narrower than TextArea's own: nothing but `_set_document` and `__init__` below assigns them.
    document: PlainText
    wrapped_document: GhostWrap
    history: History

    # TextArea repaints everything when one of the first two changes, and lays the screen out for the last.
    selection: Reactive[Selection] = reactive(Selection(), init=False, always_update=True, repaint=False)
    suggestion: Reactive[str] = reactive("", repaint=False)
    virtual_size: Reactive[Size] = reactive(Size(0, 0))

    def __init__(self, text: str, *, placeholder: str) -> None:
        super().__init__(text, placeholder=placeholder, compact=True, highlight_cursor_line=False)
        self.history = History(self._index)  # pyright: ignore[reportIncompatibleVariableOverride]
        self.cursor_blink = False
        self.match_cursor_bracket = False
        self.hide_suggestion_on_blur = False

    @property
    def caret(self) -> int:
        """The caret as an offset in `text`."""
        return self.document.index(self.cursor_location)

    def _index(self, place: Location) -> int:
        return self.document.index(place)

    @property
    def buffer(self) -> Buffer:
        """The text as a voice command sees it."""
        start, end = map(self.document.index, self.selection)
        return Buffer(self.text, (start, end), self.history.spans)

    def add_piece(self, text: str, source: Source = "generated") -> None:
        """Put text in place of the selection.

        Pieces that are added one after the other, with no `history.begin` between them, are undone as one.
        """
        self.history.streaming = True
        try:
            with self.history.written(source):
                self.replace(text, *self.selection, maintain_selection_offset=False)
        finally:
            self.history.streaming = False

    def change(self, change: Change) -> None:
        """Make a change of `buffer`, as one step of undo.

        Its edits become one edit that reaches from the first to the last of them.
        """
        place = self.document.location
        if change.edits:
            start, end = change.edits[-1].start, change.edits[0].end
            inside = _inside(self.text, change)
            self.history.checkpoint()
            with self.history.together(change.edits):
                self.replace(inside, place(start), place(end), maintain_selection_offset=False)
            self.history.checkpoint()
        self.select(*change.selection)

    def select(self, start: int, end: int) -> None:
        """Put the caret at the offset `end`, and the beginning of the selection at `start`."""
        self.selection = Selection(*map(self.document.location, (start, end)))
        self.scroll_cursor_visible()

    def edit(self, edit: Edit) -> EditResult:
        """Do an edit and repaint the rows it changed."""
        line = edit.top[0]
        rows = self.wrapped_document.rows(line)
        result = super().edit(edit)
        if line == edit.bottom[0] == result.end_location[0]:
            self.repaint_line(line, rows)
        else:
            self.refresh()
        if self.is_mounted and self.cursor_location == result.end_location:
            self.scroll_cursor_visible()  # TextArea does it before it knows of a new row
        return result

    def undo(self) -> None:
        """Undo one step."""
        super().undo()
        self.refresh()

    def redo(self) -> None:
        """Redo one step."""
        super().redo()
        self.refresh()

    def repaint_line(self, line: int, before: list[Row]) -> None:
        """Repaint those rows of a line that changed. Where their number did, `virtual_size` repaints all."""
        top = self.wrapped_document._line_index_to_offsets[line][0]
        for section, (old, new) in enumerate(zip(before, self.wrapped_document.rows(line), strict=False)):
            if old != new:
                self.refresh_lines(top + section)

    def watch_virtual_size(self, size: Size) -> None:
        """The height changed: that is news for the scroll bar only."""
        if self.is_mounted:
            self._scroll_update(size)

    async def _on_click(self, event: events.Click) -> None:
        """Twice on a word selects it, three times its line; single clicks are TextArea's."""
        row, column = self.cursor_location
        if event.chain == 2 and (word := word_at(self.document[row], column)):
            self.selection = Selection((row, word[0]), (row, word[1]))
        elif event.chain == 3:
            self.selection = Selection((row, 0), (row, len(self.document[row])))

    def _on_resize(self) -> None:
        # After TextArea has laid the text out: what is being written stays in sight.
        self.call_after_refresh(self.scroll_cursor_visible)

    def _watch_selection(self, previous_selection: Selection, selection: Selection) -> None:
        before = self._cursor_offset[1]
        super()._watch_selection(previous_selection, selection)
        if previous_selection.is_empty and selection.is_empty:
            self.refresh_lines(before)
            self.refresh_lines(self._cursor_offset[1])
        else:
            self.refresh()

    def _set_document(self, text: str, language: str | None) -> None:  # noqa: ARG002
        self.document = PlainText(text)  # pyright: ignore[reportIncompatibleVariableOverride]
        self.wrapped_document = GhostWrap(self.document, tab_width=self.indent_width)  # pyright: ignore[reportIncompatibleVariableOverride]
        self.navigator = LetterNavigator(self.wrapped_document)
        self._highlights = defaultdict(list)
        self.move_cursor((0, 0))
        self._rewrap_and_refresh_virtual_size()
        self.refresh()

    def _rewrap_and_refresh_virtual_size(self) -> None:
        super()._rewrap_and_refresh_virtual_size()
        self._recompute_cursor_offset()  # or the caret's old row is not known when it moves

    def _recompute_cursor_offset(self) -> None:
        # An undo that shortens the text until the scroll bar goes comes here before it moves the caret.
        place = self.clamp_visitable(self.cursor_location)
        self._cursor_offset = self.wrapped_document.location_to_offset(place)

    def _build_highlight_map(self) -> None:
        # There is no highlighting, and `render_line` keys its cache by content: nothing to drop.
        return

    def find_matching_bracket(self, bracket: str, search_from: Location) -> Location | None:  # noqa: ARG002
        """None: prose has smileys, and TextArea searches the whole document for their other half."""
        return None

    def get_line(self, line_index: int) -> Text:
        """A line as drawn, character for character."""
        return Text(self.document[line_index].translate(PICTURES), end="", no_wrap=True)

    def render_line(self, y: int) -> Strip:
        """One row on screen, cached by what it shows."""
        rows = self.wrapped_document._offset_to_line_info
        row = y + self.scroll_offset.y
        if self.document.characters == 0 and not self.suggestion:
            return super().render_line(y)  # the placeholder
        if row >= len(rows):
            return self._render_line(y)
        line, section = rows[row]
        look = self.wrapped_document.row(line, section)
        key = (
            look,
            self._caret_in(line, section),
            None if self.selection.is_empty else (line, section, self.selection),
            self.document[line] if "\t" in look.text else None,
            self.size,
            self.wrap_width,
        )
        if (strip := self._line_cache.get(key)) is None:
            strip = self._line_cache[key] = self._render_line(y)
        return strip

    def _caret_in(self, line: int, section: int) -> tuple[int, bool] | None:
        """The caret's column in a row, and whether it is drawn; None where it is in another row."""
        row, column = self.cursor_location
        if row != line:
            return None
        cuts = self.wrapped_document.get_offsets(line)
        if bisect_right(cuts, column) != section:
            return None
        return column - (cuts[section - 1] if section else 0), self._draw_cursor


def _inside(text: str, change: Change) -> str:
    """What is from the first to the last place of a change, after it; there may be very many of them."""
    parts: list[str] = []
    at = change.edits[-1].start
    for edit in reversed(change.edits):
        parts += (text[at : edit.start], edit.text)
        at = edit.end
    return "".join(parts)
