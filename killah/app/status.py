"""The status bar: one line that says what is edited, how much, where, and what the model is doing."""

from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

GAP = 3  # cells between two fields


@dataclass(frozen=True)
class Status:
    """What the status bar knows. Empty strings are not shown."""

    name: str = "untitled"
    modified: bool = False
    saved: str = ""
    words: int = 0
    line: int = 1
    column: int = 1
    persona: str = ""
    kind: str = ""  # of text, by its control codes
    likeness: str = ""  # how much the text is like the persona
    model: str = ""
    ghost: str = ""
    hearing: str = ""  # whether somebody listens, and what is being said
    doing: str = ""  # what the model writes at the writer's wish, in place of `ghost`


def compose_line(status: Status, width: int) -> tuple[str, str]:
    """What stands left and right in `width` cells: the least important fields go first, the name last."""
    left = status.name + (" •" if status.modified else "")
    words = f"{status.words:,} word" + ("" if status.words == 1 else "s")
    place = f"{status.line}:{status.column}"
    # (order on screen, text), the least important first
    fields = [
        (1, status.saved),
        (6, status.likeness),
        (5, status.kind),
        (4, status.persona),
        (9, "" if status.doing else status.ghost),
        (7, status.model),
        (2, words),
        (3, place),
        (9, status.doing),
        (8, status.hearing),
    ]
    fields = [field for field in fields if field[1]]
    while True:
        right = (" " * GAP).join(text for _, text in sorted(fields))
        room = width - (cell_len(right) + GAP if right else 0)
        if cell_len(left) <= room:
            return left, right
        if not fields or (len(fields) == 1 and room >= 6):
            return _shorten(status, max(room, 0)), right
        fields = fields[1:]


def _shorten(status: Status, room: int) -> str:
    mark = " •" if status.modified else ""
    if room <= cell_len(mark) + 1:
        return mark.strip()[:room]
    return set_cell_size(status.name, room - cell_len(mark) - 1) + "…" + mark


class StatusBar(Widget):
    """One line at the bottom."""

    status: reactive[Status] = reactive(Status())

    def render(self) -> RenderResult:
        """The line; repainted only when `status` changed."""
        width = self.content_size.width
        left, right = compose_line(self.status, width)
        space = " " * max(0, width - cell_len(left) - cell_len(right))
        return Content.assemble((left, "bold $foreground"), space, right)
