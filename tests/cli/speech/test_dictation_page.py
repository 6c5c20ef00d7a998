"""What dictation shows. If this fails, the words that are being said are below the edge of the window."""

import pytest
from rich.console import Console

from killah.audio.commands.document import Document
from killah.audio.dictation.live import Partial
from killah.audio.recognition.ctc import Word
from killah.cli.speech.dictation_page import DictationPage


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 12), (20, 6), (12, 8)])
def test_what_is_said_now_is_in_sight_in_any_window(width, height):
    page = DictationPage(Document("A long paragraph of many words. " * 100 + "\n\nThe end"), shown=True)
    page.console = Console(width=width, height=height, force_terminal=True, color_system=None)
    page.show(Partial((Word("of", 0, 1, 0.9), Word("everything", 1, 2, 0.9)), 2.0))
    page.level(-30.0)
    page.say("The microphone is heard.")
    with page.console.capture() as drawn:
        page.console.print(page._drawn())
    rows = [row.rstrip() for row in drawn.get().splitlines()]
    assert len(rows) <= height
    assert "everything" in " ".join(rows)
    assert "Ctrl-C ends." in " ".join(rows)
    assert "▮▮" in "".join(rows)
