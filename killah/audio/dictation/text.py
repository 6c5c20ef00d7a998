"""What was said as it is written: spoken punctuation, capitals, names, and spaces where they belong.

"hello comma how are you question mark" becomes "Hello, how are you?".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from killah.audio.commands.marks import Marks, Token, tokenised
from killah.audio.commands.page import Page
from killah.audio.commands.tables import Language, table
from killah.audio.recognition.ctc import Word

_LONGEST_NAME = 4  # words
_FIRST_PERSON = {"i": "I", "i'm": "I'm", "i'll": "I'll", "i've": "I've", "i'd": "I'd"}


@dataclass(frozen=True)
class Marked:
    """A word as it is written, and the mark before it; the last has no word, only the mark at the end."""

    word: str
    mark: str = ""


@dataclass(frozen=True)
class Written:
    """Text to put at the caret, and the capitals (as in `written`) that the next utterance begins with."""

    text: str
    capitals: str


def written(
    words: str | Sequence[Word],
    before: str = "",
    after: str = "",
    *,
    language: Language = "en",
    capitals: str = "off",
    names: Mapping[str, str] | None = None,
    marked: Sequence[Marked] = (),
) -> Written:
    """One utterance, to stand between `before` and `after`. Times of words help to tell marks from words.

    `capitals` is off, title, upper or lower, or next, next_upper or next_lower for one word. `names` gives
    the spelling of words and phrases by what is heard: {"mac donald": "MacDonald"}. `marked` is the utterance
    as `killah.engine.hearing.marking` would write it, where it did.
    """
    page = Page(before, language)
    if marked:
        for each in marked:
            _put(each, page, language)
        return Written(page.finish(after), capitals)
    said = tokenised(words)
    # Words since the last mark, of the text before too.
    left = _last_words(before)
    place = 0
    while place < len(said):
        found = _marks(language).at(said, place, left)
        if found is not None and found.kind == "mark":
            page.mark(found.value)
            left = []
        elif found is not None and found.kind == "capitals":
            capitals = found.value
        else:
            start = place + (found is not None)  # without "literal"
            end, spelling = _spelled(said, start, names or {}, language)
            page.word(_cased(spelling, capitals), spelled=spelling != said[start].text or capitals == "lower")
            capitals = "off" if capitals.startswith("next") else capitals
            left += [each.plain for each in said[start:end]]
            place = end
            continue
        place = found.end
    return Written(page.finish(after), capitals)


def plain(
    words: str | Sequence[Word], *, language: Language = "en", names: Mapping[str, str] | None = None
) -> list[str]:
    """The words of an utterance, names as they are spelled; none where marks or capitals are said in it."""
    said = tokenised(words)
    if any(_marks(language).at(said, place, []) is not None for place in range(len(said))):
        return []
    found, place = [], 0
    while place < len(said):
        place, spelling = _spelled(said, place, names or {}, language)
        found += spelling.split()
    return found


def _put(each: Marked, page: Page, language: Language) -> None:
    if each.mark:
        page.mark(each.mark)
    if each.word:
        word = _FIRST_PERSON.get(each.word, each.word) if language == "en" else each.word
        page.word(word, spelled=word != word.lower())


@cache
def _marks(language: Language) -> Marks:
    return Marks(table(language))


def _last_words(before: str) -> list[str]:
    before = before[-80:].rstrip(" ")
    return [token.plain for token in tokenised(before)[-3:]] if before[-1:].isalnum() else []


def _spelled(
    said: Sequence[Token], start: int, names: Mapping[str, str], language: Language
) -> tuple[int, str]:
    """Where the word or name at `start` ends, and how it is spelled."""
    for end in range(min(len(said), start + _LONGEST_NAME), start, -1):
        if name := names.get(" ".join(token.plain for token in said[start:end])):
            return end, name
    text = said[start].text
    return start + 1, _FIRST_PERSON.get(text, text) if language == "en" else text


def _cased(word: str, capitals: str) -> str:
    if capitals in ("upper", "next_upper"):
        return word.upper()
    if capitals in ("lower", "next_lower"):
        return word.lower()
    return word[:1].upper() + word[1:] if capitals in ("title", "next") else word
