"""Rows of `dictation`: words as they are said, and the sentences as they are written.

The words are never the adapter's to choose: `killah.engine.hearing.marking` holds it to those that were said.
It learns where marks and capitals belong, with all that was said before its eyes.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from killah.metrics.spoken import spoken
from killah.persona.sentences import sentences
from tools.pretrain.corpus import straighten

from .cutting import is_prose, whole_words
from .splits import (
    Row,
    Section,
    Split,
    balanced,
    book_sections,
    by_author,
    even,
    held_out_sections,
    post_sections,
    some,
    unseen,
)

ROWS, VALID, TEST_EACH = 9_000, 240, 40
POSTS = 0.4  # of the rows: people dictate today's English
SENTENCES = (0.45, 0.35, 0.20)  # of the rows have one, two, three
LENGTH = 25, 300  # characters
OPEN = 0.2  # of the rows stop in mid-sentence, as speech does at a pause

_NOT_SAID = re.compile(r"[\d\"“”‘()\[\]*_/&%$#@…]|(?<!\w)'|\b[A-Z]{2,}\b")  # marks nobody can hear


def dictation(data: Path, seed: int) -> Split:
    """Sentences of books and posts, one to three at a time."""
    random = Random(f"dictation {seed}")
    split = Split()
    for name, rows, count in (("train", split.train, ROWS), ("valid", split.valid, VALID)):
        told = _rows(book_sections(data, name), random)
        modern = [row for of in _rows(post_sections(data, name), random).values() for row in of]
        rows.extend(balanced(told, round(count * (1 - POSTS)), random))
        rows.extend(some(modern, round(count * POSTS), random))
        random.shuffle(rows)
    split.valid = unseen(split.valid, split.train)
    tests = {
        author: [row | {"author": author} for row in rows]
        for author, rows in _rows(held_out_sections(data), random).items()
    }
    split.test = even(tests, TEST_EACH, random)
    return split


def _rows(sections: Iterable[Section], random: Random) -> dict[str, list[Row]]:
    return by_author(
        (each.author, _row(text, random)) for each in sections for text in _said(each.text, random)
    )


def _said(text: str, random: Random) -> Iterator[str]:
    """Consecutive sentences of a paragraph whose words can be said and whose marks can be guessed."""
    for paragraph in straighten(text).split("\n\n"):
        left = sentences(" ".join(paragraph.split()))
        while left:
            count = random.choices((1, 2, 3), SENTENCES)[0]
            piece, left = " ".join(left[:count]), left[count:]
            whole = LENGTH[0] <= len(piece) <= LENGTH[1] and is_prose(piece) and piece[-1:] in ".!?"
            if whole and piece[:1].isupper() and not _NOT_SAID.search(piece):
                yield piece


def _row(text: str, random: Random) -> Row:
    if random.random() < OPEN:
        text = whole_words(text, random.randint(LENGTH[0], len(text))).rstrip(",;:.!?-—")
    return {"instruction": "dictation", "input": spoken(text), "output": text}
