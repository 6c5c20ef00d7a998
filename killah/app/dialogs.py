"""Questions: one of a few answers, or a file name. Every one can be left with Escape."""

from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

KEYS_WIDTH = 20  # cells at most; a longer example wraps


class Ask(ModalScreen[str | None]):
    """A question with answers below each other; returns the key of the answer, or None.

    `chosen` is the answer that Enter gives at once; the first otherwise.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(self, question: str, answers: dict[str, str], chosen: str = "") -> None:
        super().__init__()
        self._question = question
        self._answers = answers
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        """The question above its answers."""
        with Vertical(classes="box"):
            yield Label(self._question, markup=False)
            yield OptionList(*(Option(label, id=key) for key, label in self._answers.items()), markup=False)

    def on_mount(self) -> None:
        """Stand on the answer that is likely."""
        if self._chosen in self._answers:
            self.query_one(OptionList).highlighted = list(self._answers).index(self._chosen)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give the chosen answer back."""
        self.dismiss(event.option.id)


class AskPath(ModalScreen[Path | None]):
    """A file name, beginning with what is given; returns None when the writer thinks better of it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(self, question: str, begin: str) -> None:
        super().__init__()
        self._question = question
        self._begin = begin

    def compose(self) -> ComposeResult:
        """The question above a line to type in."""
        with Vertical(classes="box"):
            yield Label(self._question, markup=False)
            yield Input(self._begin, placeholder="draft.md", select_on_focus=False, compact=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the name back, if there is one."""
        name = event.value.strip()
        self.dismiss(Path(name) if name else None)


class KeysHelp(ModalScreen[None]):
    """The keys and what can be said, in a panel that any of Escape, F1 and Enter closes."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f1,enter,q", "dismiss(None)", show=False)]

    def __init__(self, parts: dict[str, list[tuple[str, str]]]) -> None:
        super().__init__()
        self._parts = parts

    def compose(self) -> ComposeResult:
        """A title a part, and its lines."""
        with VerticalScroll(classes="box keys"):
            for title, lines in self._parts.items():
                yield Label(title, classes="title")
                yield Static(_grid(lines), classes="lines")


def _grid(lines: list[tuple[str, str]]) -> Table:
    """Two columns; what is too long for its column goes on below itself."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    widest = max(cell_len(key) for key, _ in lines)
    grid.add_column(style="bold", width=min(widest, KEYS_WIDTH))
    grid.add_column()
    for key, meaning in lines:
        grid.add_row(Text(key), Text(meaning))
    return grid
