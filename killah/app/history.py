"""Undo history in which a stream of pieces is one step; it knows where each part of the text came from."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from textual.document._document import EditResult, Location
from textual.document._edit import Edit
from textual.document._history import EditHistory

from killah.audio.commands import buffer
from killah.audio.commands.buffer import Source, Spans, shifted

STEPS = 1000  # what can be undone; a step is at most about a hundred typed characters


class Step(list[Edit]):
    """Edits that are undone as one, and the spans of the text before and after them."""

    before: Spans = ()
    after: Spans = ()


class History(EditHistory):
    """Textual's history, plus `streaming`: while set, insertions that follow each other grow one step.

    They become one `Edit` rather than a list of them: Textual re-wraps a list wrongly when its edits
    contain newlines. `offset` gives the place of a location in the text as a number of characters.
    """

    def __init__(self, offset: Callable[[Location], int]) -> None:
        super().__init__(max_checkpoints=STEPS, checkpoint_timer=2.0, checkpoint_max_characters=100)
        self.spans: Spans = ()
        self.streaming = False
        self._offset = offset
        self._stream: Edit | None = None
        self._source: Source | None = "typed"
        self._turn = 0  # of the last utterance, or generation
        self._parts: Sequence[buffer.Edit] = ()

    @contextmanager
    def written(self, source: Source | None) -> Iterator[None]:
        """For edits that nobody typed."""
        self._source = source
        try:
            yield
        finally:
            self._source = "typed"

    @contextmanager
    def together(self, parts: Sequence[buffer.Edit]) -> Iterator[None]:
        """For one edit that stands for several, the last place first, that have sources of their own."""
        self._parts = parts
        try:
            yield
        finally:
            self._parts = ()

    def begin(self) -> int:
        """Another utterance, or generation: a stream of its own. Its turn."""
        self.checkpoint()
        self._stream = None
        self._turn += 1
        return self._turn

    def record(self, edit: Edit) -> None:
        """Remember an edit that was done."""
        before, self.spans = self.spans, self._spans_after(edit)
        if not self.streaming:
            self._stream = None
            super().record(edit)
        else:
            if not self._grow(edit):
                self.checkpoint()
                super().record(edit)
                self._stream = edit
            self.checkpoint()
        if self._undo_stack:
            self._step(before).after = self.spans

    def clear(self) -> None:
        """Forget everything: another text is there."""
        super().clear()
        self.spans, self._stream = (), None

    def _step(self, before: Spans) -> Step:
        """The last step; a new one begins with the spans `before`."""
        step = self._undo_stack[-1]
        if not isinstance(step, Step):
            self._undo_stack[-1] = step = Step(step)
            step.before = before
        return step

    def _spans_after(self, edit: Edit) -> Spans:
        assert edit._edit_result is not None
        start = self._offset(edit.top)
        end = start + len(edit._edit_result.replaced_text)
        turn = 0 if self._source == "typed" else self._turn
        spans = self.spans
        for part in self._parts or [buffer.Edit(start, end, edit.text, self._source, turn)]:
            spans = shifted(spans, part)
        return spans

    def _grow(self, edit: Edit) -> bool:
        stream, result = self._stream, edit._edit_result
        if stream is None or stream._edit_result is None or result is None:
            return False
        if not self._undo_stack or self._undo_stack[-1] != [stream]:
            return False  # it was undone, or something else was done since
        if edit.from_location != edit.to_location or edit.from_location != stream._edit_result.end_location:
            return False
        stream.text += edit.text
        stream._edit_result = EditResult(result.end_location, stream._edit_result.replaced_text)
        stream._updated_selection = edit._updated_selection
        return True

    def _pop_undo(self) -> list[Edit] | None:
        step = super()._pop_undo()
        if isinstance(step, Step):
            self.spans = step.before
        return step

    def _pop_redo(self) -> list[Edit] | None:
        step = super()._pop_redo()
        if isinstance(step, Step):
            self.spans = step.after
        return step
