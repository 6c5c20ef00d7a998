"""Words that were heard get their marks and capitals from a model, where nobody has said them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from killah.audio.dictation.language import language_of
from killah.audio.dictation.live import Final
from killah.audio.dictation.text import Marked, plain
from killah.audio.recognition.ctc import text_of

LONGEST = 200  # words at a time; what is longer stays as it is


class Marking(Protocol):
    """What writes words as text: the engine."""

    def marked(self, words: Sequence[str], before: str) -> list[Marked]:
        """Words with marks and capitals, behind `before`; none where nothing has learned that."""
        ...


def with_marks(event: Final, engine: Marking, before: str, names: Mapping[str, str]) -> Final:
    """What was heard, with marks and capitals where it is English that says none itself.

    `before` is the text it goes behind, `names` are spellings by what is heard. Waits for `engine`.
    """
    if language_of(text_of(event.words)) != "en":
        return event
    words = plain(event.words, names=names)
    return replace(event, marked=tuple(engine.marked(words, before))) if 0 < len(words) <= LONGEST else event
