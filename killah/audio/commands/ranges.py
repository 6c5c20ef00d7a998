"""Where the last words, sentences, lines and paragraphs before a place in a text are."""

import re
from collections.abc import Callable, Iterator

from killah.audio.commands.buffer import Range

_WORD = re.compile(r"\w+(?:['’‑-]\w+)*")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(“\"«])(?:Mr|Mrs|Ms|Dr|Prof|St|vs|etc|No|e\.g|i\.e|[A-ZА-ЯЁ]|т\.\s?[екдп]|г|ул|им|стр)\.$"
)
_SENTENCE_END = re.compile(r"[.!?…]+[\"”’»)\]]*(?=\s)|\n")
_BLANK = re.compile(r"\n[^\S\n]*\n\s*")
_BACK = 4000  # characters before the place that are looked at for words and sentences; a novel stays quick


def words(text: str, place: int) -> Iterator[Range]:
    """Words that begin before `place`, the nearest first."""
    begin = max(0, place - _BACK)
    found = [match.span() for match in _WORD.finditer(text, begin, min(len(text), place + 100))]
    yield from reversed([span for span in found if span[0] < place])


def sentences(text: str, place: int) -> Iterator[Range]:
    """Sentences that begin before `place`, the nearest first; a line break ends one too."""
    begin = max(0, place - _BACK)
    starts = [begin]
    for end in _SENTENCE_END.finditer(text, begin, min(len(text), place + _BACK)):
        if not _ABBREVIATION.search(text[max(begin, end.start() - 8) : end.end()]):
            starts.append(end.end())
    starts.append(min(len(text), place + _BACK))
    yield from _filled(text, place, starts)


def lines(text: str, place: int) -> Iterator[Range]:
    """Lines that begin before `place`, the nearest first."""
    yield from _filled(text, place, [0, *(match.end() for match in re.finditer("\n", text)), len(text)])


def paragraphs(text: str, place: int) -> Iterator[Range]:
    """Paragraphs, with blank lines between them, that begin before `place`, the nearest first."""
    yield from _filled(text, place, [0, *(match.end() for match in _BLANK.finditer(text)), len(text)])


UNITS: dict[str, Callable[[str, int], Iterator[Range]]] = {
    "word": words,
    "sentence": sentences,
    "line": lines,
    "paragraph": paragraphs,
}


def _filled(text: str, place: int, starts: list[int]) -> Iterator[Range]:
    """Between one start and the next, without white space; empty ones are left out."""
    for start, end in zip(starts[-2::-1], starts[:0:-1], strict=True):
        inside = text[start:end]
        begin = start + len(inside) - len(inside.lstrip())
        if begin < place and inside.strip():
            yield begin, begin + len(inside.strip())
