"""Text cut where writers stop: at the ends of paragraphs, sentences and words."""

import re
from collections.abc import Callable, Iterator

_NO_END = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Rev|Hon|Gen|Col|Capt|Lt|Sgt|St|Jr|Sr|vs|etc|No|Vol|Mme|Mlle)|\b[A-Z])\.$"
)
_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)")
_STARTS_WELL = re.compile(r"[\"“‘'(]*[A-Z0-9]")
_ENDS_WELL = re.compile(r"[.!?…][\"'”’)\]]*$")
_ODD = re.compile(r"https?:|www\.|[{}|<>=\\#*_~^]|\[|\]|--|/\)|\d:\d\d|[^\x00-\u024f‐-›€™−]")
_VERSE = re.compile(r"(?<!\n)\n(?!\n)")
_AHEAD = 4000  # characters that a cut may look at
_PARAGRAPH = re.compile(r"(?:\A|\n\n)(?=\S)")


def is_sentences(paragraph: str) -> bool:
    """Whether a paragraph is whole sentences: no heading, no list's item, no code or address."""
    words = paragraph.split()
    return (
        len(words) >= 8
        and bool(_STARTS_WELL.match(paragraph))
        and bool(_ENDS_WELL.search(paragraph))
        and is_prose(paragraph)
    )


def is_prose(text: str) -> bool:
    """Whether text is English running on: no verse, no capitals throughout, no code, no other alphabet."""
    lower = sum(map(str.islower, text))
    return lower >= 0.68 * len(text) and not _VERSE.search(text) and not _ODD.search(text)


def starts(text: str) -> list[int]:
    """Where paragraphs begin that begin as sentences do."""
    return [m.end() for m in _PARAGRAPH.finditer(text) if _STARTS_WELL.match(text, m.end())]


def sentence_ends(text: str) -> list[int]:
    """Positions after each sentence; titles and initials ("Mr. Brown") end none."""
    return [m.end() for m in _END.finditer(text) if not _NO_END.search(text, max(0, m.end() - 8), m.end())]


def whole_words(text: str, most: int) -> str:
    """The beginning of `text`, at most `most` characters, cut between words, no white space at its end."""
    if len(text) > most:
        text = re.sub(r"\S*\Z", "", text[: most + 1])
    return text.rstrip()


def finished(text: str, least: int, most: int) -> str:
    """The beginning of `text` that ends with a paragraph, else with a sentence; "" if there is none."""
    text = text[: most + 2]
    end = len(text) if least <= len(text) <= most else text.rfind("\n\n", least, most + 2)
    if end < 0:
        end = next((e for e in reversed(sentence_ends(text)) if e <= most), -1)
    piece = text[:end].rstrip() if end >= least else ""
    return piece if _ENDS_WELL.search(piece) else ""


def walk(text: str, cut: Callable[[str], tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """What `cut` takes off the front of the text at each paragraph's start, none overlapping, prose only.

    `cut` returns consecutive pieces (a prompt and what follows it), or () to go on to the next paragraph.
    """
    end = 0
    for start in starts(text):
        if start < end:
            continue
        pieces = cut(text[start : start + _AHEAD])
        if pieces and is_prose(joined := "".join(pieces)):
            end = start + len(joined)
            yield pieces
