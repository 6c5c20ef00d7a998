"""What the editor does with an utterance that was told as a command: it may still write it down.

The scribe of the editor takes it in a text area with a long text, of which the last sentence was dictated:
there is something to scratch, to select, to rewrite and to read, and what is on offer can be taken.
"""

import asyncio
from functools import cache
from pathlib import Path

from textual.app import App, ComposeResult

from killah.app.scribe import Scribe
from killah.app.text_area import GhostTextArea
from killah.audio.commands.tables import Language
from killah.audio.dictation.live import Final, Said
from killah.audio.recognition.ctc import Word

TEXTS: dict[Language, Path] = {
    "en": Path("samples/the-blue-cross.txt"),
    "ru": Path("tests/audio/data/document-ru.txt"),
}
DICTATED: dict[Language, str] = {
    "en": "it was a long way to the house",
    "ru": "до дома было ещё далеко",
}


def written(said: Said, language: Language) -> bool:
    """Whether the words of a command stand in the text after it, for it was not done.

    What is no edit counts as done: nothing of it is ever written.
    """
    return asyncio.run(_Page(_text(language)).take(said, DICTATED[language]))


class _Page(App[None]):
    """The writing surface, and nothing beside it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._area = GhostTextArea(text)

    def compose(self) -> ComposeResult:
        yield self._area

    async def take(self, said: Said, before: str) -> bool:
        """As `written`, behind an utterance that was dictated `before`."""
        async with self.run_test():
            self._area.move_cursor(self._area.document.end)
            scribe = Scribe(self._area, lambda _: True)
            scribe.take(Final(tuple(Word(each, 0, 0, 1) for each in before.split()), 0))
            return scribe.take(said) == "written"


@cache
def _text(language: Language) -> str:
    return TEXTS[language].read_text("utf-8").rstrip() + "\n\n"
