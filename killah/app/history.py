"""Undo history in which a stream of pieces is one step."""

from textual.document._document import EditResult
from textual.document._edit import Edit
from textual.document._history import EditHistory

STEPS = 1000  # what can be undone; a step is at most about a hundred typed characters


class History(EditHistory):
    """Textual's history, plus `streaming`: while set, insertions that follow each other grow one step.

    They become one `Edit` rather than a list of them: Textual re-wraps a list wrongly when its edits
    contain newlines.
    """

    def __init__(self) -> None:
        super().__init__(max_checkpoints=STEPS, checkpoint_timer=2.0, checkpoint_max_characters=100)
        self.streaming = False
        self._stream: Edit | None = None

    def record(self, edit: Edit) -> None:
        """Remember an edit that was done."""
        if not self.streaming:
            self._stream = None
            super().record(edit)
            return
        if not self._grow(edit):
            self.checkpoint()
            super().record(edit)
            self._stream = edit
        self.checkpoint()

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
