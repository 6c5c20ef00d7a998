"""Which language an utterance is in, by its letters, and what follows from it."""

from collections.abc import Mapping, Sequence

from killah.audio.commands import Command, exact, intent, nearest, parse
from killah.audio.commands.grammar import lowered, tokens
from killah.audio.commands.tables import Language
from killah.audio.dictation.text import Marked, written
from killah.audio.recognition.ctc import Word, text_of


def language_of(text: str) -> Language:
    """Russian where most letters are Cyrillic, else English."""
    letters = [letter for letter in text.lower() if letter.isalpha()]
    cyrillic = sum("а" <= letter <= "я" or letter == "ё" for letter in letters)
    return "ru" if 2 * cyrillic > len(letters) else "en"


def understand(utterance: str) -> Command | None:
    """The command, or the instruction in free words, that an utterance is as a whole, in its own language."""
    language = language_of(utterance)
    return parse(utterance, language) or intent(utterance, language)


def near(utterance: str, most: int = 12) -> list[str]:
    """The phrases that are commands whose letters are nearest to what was heard; itself where it is one."""
    language = language_of(utterance)
    itself = [" ".join(lowered(tokens(utterance)))] if exact(utterance, language) else []
    return itself + [phrase for phrase, _ in nearest(utterance, language, most)]


def as_written(
    words: Sequence[Word],
    before: str = "",
    names: Mapping[str, str] | None = None,
    marked: Sequence[Marked] = (),
) -> str:
    """An utterance as text, to stand behind `before`; `names` and `marked` as `written` takes them."""
    language = language_of(text_of(words))
    return written(words, before, language=language, names=names, marked=marked).text
