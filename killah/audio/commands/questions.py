"""Statements as questions, by rule: "He was late." becomes "Was he late?", "She came." becomes "She came?".

In English an auxiliary goes before its subject where one is near; otherwise, and in Russian, where intonation
asks, the mark does.
"""

import re

from killah.audio.commands.ranges import UNITS
from killah.audio.commands.tables import Language

_SUBJECT = 6  # words a subject has at most
_END = re.compile(r"[.!…;,:\s]*([\"”’»)\]]*)\Z")
_WORD = re.compile(r"[\w'’-]+")
_AUXILIARIES = frozenset(
    "is are was were am will would shall should can could may might must has have had do does did".split()
)
_ASKING = frozenset("who what when where why how which whose whom".split())
_CLAUSES = _ASKING | {"that", "if", "because", "and", "but"}  # behind one is another clause
_SMALL = frozenset(
    """
    the a an this that these those my your his her its our their it he she we you they there some all no one
    """.split()
)
_SHORT = {"'s": "is", "'re": "are", "'ll": "will", "'m": "am", "'ve": "have"}


def as_questions(text: str, language: Language) -> str:
    """Every sentence of a text as a question; what is between them stays."""
    found = [*UNITS["sentence"](text, len(text))][::-1]
    for start, end in reversed(found):
        text = text[:start] + _asked(text[start:end], language) + text[end:]
    return text


def _asked(sentence: str, language: Language) -> str:
    if "?" in sentence[-3:]:
        return sentence
    end = _END.search(sentence)
    assert end is not None
    said, closing = sentence[: end.start()], end[1]
    return (_inverted(said) if language == "en" else said) + "?" + closing


def _inverted(said: str) -> str:
    words = [*_WORD.finditer(said)]
    for place, word in enumerate(words[: _SUBJECT + 1]):
        plain = word[0].lower().replace("’", "'")
        if place == 0 and plain in _AUXILIARIES | _ASKING:
            break
        subject, _, short = plain.partition("'")
        if place == 0 and subject in _SMALL | {"i"} and f"'{short}" in _SHORT:
            return _before(said[: word.start() + len(subject)], _SHORT[f"'{short}"], said[word.end() :])
        if place and plain in _AUXILIARIES:
            return _before(said[: word.start()].rstrip(), plain, said[word.end() :])
        if place and plain in _CLAUSES:
            break
    return said


def _before(subject: str, auxiliary: str, rest: str) -> str:
    first = subject.split(maxsplit=1)[0]
    small = first.lower() in _SMALL
    return auxiliary.capitalize() + " " + (subject[0].lower() + subject[1:] if small else subject) + rest
