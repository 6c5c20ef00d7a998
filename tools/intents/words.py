"""Ordinary words that look like words of commands: what was heard as one of these was meant as it."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from killah.audio.commands import tables
from killah.audio.commands.grammar import lowered, phrases, tokens
from killah.audio.commands.tables import Language
from tools.intents.corpora import posts, prose

LEAST = 4  # times a word must occur, so that misprints are none
COMMONEST = 3000  # words that are in the list whatever they look like
SHORT = 4  # letters; a word of these may have one letter wrong, a longer one two


def ordinary(data: Path, language: Language) -> list[str]:
    """Words of the corpora that one could mistake for a word of a command, in order."""
    texts = list(prose(data, language)) + (list(posts(data)) if language == "en" else [])
    counts = Counter(word for text in texts for word in _lower(text))
    said = sorted({word for phrase in phrases(language) for word in phrase.split()})
    common = [word for word, count in counts.items() if count >= LEAST]
    return sorted(_close(common, said) | {word for word, _ in counts.most_common(COMMONEST)})


def file(language: Language) -> Path:
    """Where the list of a language is."""
    return (Path(tables.__file__).parent / tables.FILES[language]).with_suffix(".txt")


def _lower(text: str) -> Iterator[str]:
    """Words that begin small: names are none of a language's words."""
    return (word for token in text.split() if token[:1].islower() for word in lowered(tokens(token)))


def _close(words: Iterable[str], targets: Collection[str]) -> set[str]:
    """Those of `words` that share a spelling with a target once a letter or two is left out of each.

    That holds for every word within as many edits (Garbe's symmetric deletion), and a few more.
    """
    near = {short for target in targets for short in _shorter(target)}
    return {word for word in words if not near.isdisjoint(_shorter(word))}


def _shorter(word: str) -> set[str]:
    once = {word[:place] + word[place + 1 :] for place in range(len(word))}
    if len(word) <= SHORT:
        return once | {word}
    return once | {word} | {each[:place] + each[place + 1 :] for each in once for place in range(len(each))}
