"""Where what is to be replaced stands in a text, and how its replacement is written there."""

import re
from collections.abc import Iterator
from itertools import islice

from killah.audio.commands.buffer import Buffer, Range
from killah.audio.commands.matching import edit_distance
from killah.audio.commands.tables import Language, table

_ARTICLE = re.compile(r"(?:the|a|an)\s+", re.IGNORECASE)
_APOSTROPHES = "['’]"
_LETTERS_AN_ERROR = 4  # in a word that the recogniser may have misspelled


def places(buffer: Buffer, old: str, every: bool, language: Language) -> list[Range]:
    """Where `old` stands, in order: everywhere (in the selection, if there is one), or the last time.

    Whole words, whatever their capitals. Where it stands nowhere: without an article, as the mark that it
    names, or as the one word of the text that it may be a misspelling of.
    """
    start, end = sorted(buffer.selection)
    within = (start, end) if every and start < end else (0, len(buffer.text))
    for form in _forms(buffer.text, old, language):
        found = [match.span() for match in form.finditer(buffer.text, *within)]
        if found:
            return found if every else [_nearest(found, end)]
    return []


def is_mark(buffer: Buffer, found: Range) -> bool:
    """Whether what stands there is punctuation."""
    return not re.search(r"\w", buffer.text[slice(*found)])


def mark_named(words: str, language: Language) -> str:
    """The mark of that name, or the words where there is none."""
    plain = tuple(_ARTICLE.sub("", words.lower()).split())
    return next((mark.text for mark in table(language).marks if plain in mark.say), words)


def cased_like(old: str, new: str) -> str:
    """`new` with a capital, or all capitals, as `old` has."""
    if old.isupper() and len(old) > 1:
        return new.upper()
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


def _forms(text: str, old: str, language: Language) -> Iterator[re.Pattern[str]]:
    """Patterns to look for, the most literal first."""
    if not re.search(r"\w", old):
        yield re.compile(re.escape(old))
        return
    bare = _ARTICLE.sub("", old, count=1)
    yield _pattern(old)
    if bare != old:
        yield _pattern(bare)
    mark = mark_named(bare, language)
    if mark != bare and not mark.isspace():
        yield re.compile(re.escape(mark))
    if (near := _misspelled(text, bare)) is not None:
        yield _pattern(near)


def _pattern(words: str) -> re.Pattern[str]:
    inside = r"\s+".join(_letters(word) for word in words.split())
    return re.compile(rf"(?<!\w){inside}(?!\w)", re.IGNORECASE)


def _letters(word: str) -> str:
    either = {"'": _APOSTROPHES, "’": _APOSTROPHES, "е": "[её]", "ё": "[её]"}
    return "".join(either.get(letter, re.escape(letter)) for letter in word.lower())


def _misspelled(text: str, heard: str) -> str | None:
    """The only run of as many words that is nearly spelled so."""
    size = len(heard.split())
    spoken = re.findall(r"\w+(?:['’-]\w+)*", text.lower())
    runs = {
        " ".join(run) for run in zip(*(islice(spoken, start, None) for start in range(size)), strict=False)
    }
    allowed = len(heard) // _LETTERS_AN_ERROR
    found = [run for run in runs if edit_distance(heard.lower(), run, allowed) <= allowed]
    return found[0] if len(found) == 1 else None


def _nearest(found: list[Range], caret: int) -> Range:
    """The last one before the caret, or the first one after it."""
    before = [each for each in found if each[1] <= caret]
    return before[-1] if before else found[0]
