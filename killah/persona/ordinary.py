"""What is ordinary in a language: the background before which a writer's own words stand out."""

from collections.abc import Callable
from dataclasses import dataclass

from killah.persona import english, russian
from killah.persona.style import Language


@dataclass(frozen=True)
class Ordinary:
    """`share` gives a word's share of running text; no whole phrase begins or ends with the last two."""

    function_words: frozenset[str]
    share: Callable[[str], float]
    no_start: frozenset[str]
    no_end: frozenset[str]


def ordinary(language: Language) -> Ordinary:
    """What is ordinary in `language`."""
    words = russian if language == "ru" else english
    return Ordinary(words.FUNCTION_WORDS, words.expected_share, words.NO_START, words.NO_END)
