"""What `killah dictate` shows in a terminal while it listens: the text, and words that may change."""

from typing import TYPE_CHECKING

from rich.text import Text

from killah.audio.dictation.live import Event, Final, Partial, Said
from killah.audio.recognition.ctc import text_of
from killah.cli.speech.page import QUIETEST, Page

if TYPE_CHECKING:
    from killah.audio.commands.document import Document

END = 4_000  # characters of the text that are looked at: more than a window holds


class DictationPage(Page):
    """The end of `document`, and what is being said."""

    def __init__(self, document: "Document", *, shown: bool) -> None:
        super().__init__("Listening. Ctrl-C ends.", shown=shown, level=QUIETEST)
        self._document = document
        self._partial = ""

    def tell(self, text: str) -> None:
        """What was understood, under the text; nothing where nothing is drawn."""
        self.said = text

    def show(self, event: Event) -> None:
        """Follow what was heard."""
        if isinstance(event, Partial):
            self._partial = text_of(event.words)
        elif isinstance(event, Final | Said):
            self._partial = ""
        if isinstance(event, Said):
            self.said = f"Command: {' '.join(word.text for word in event.words)}"

    def lines(self) -> Text:
        """The end of the text, and what may still change."""
        text = Text(self._document.text[-END:])
        return text.append(f" {self._partial}", "dim italic") if self._partial else text
