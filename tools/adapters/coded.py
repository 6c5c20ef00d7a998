"""Rows of `codes`: texts with the control codes that they earn, for the soft tokens of these codes.

Half of the rows have every code of their text, the base's own for its genre among them, so that codes may be
combined; the others have the one that they are there for. Tests have one code each, that it earns and that it
does not: of the eight held-out authors, and for the base's own codes of what only others wrote.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from tools.pretrain.corpus import HELD_OUT, straighten

from .codes import LETTER, OLD, Registers
from .cutting import finished, starts
from .personal import PERSONA, STRAIGHT, Text, texts
from .prose import GOES_ON
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
)

EACH = {"train": 700, "valid": 24}  # rows of a code
CONSIDERED = {"train": 16_000, "valid": 3_000}  # texts of books whose codes are looked at; all letters are
POSTS = 0.15  # as many posts, in texts of books
USUAL = 3_000  # texts that say what is usual in a register
TESTS = 6  # rows of each code and held-out author
ALONE = 0.5  # share of rows with one code
SOFT = ("<letter>", "<dialogue>", "<formal>", "<informal>", "<plain>", "<archaic>")
OPPOSITES = {
    "<letter>": "<dialogue>",
    "<dialogue>": "<letter>",
    "<formal>": "<informal>",
    "<informal>": "<formal>",
    "<plain>": "<formal>",
    "<archaic>": "<plain>",
    "<story>": "<essay>",
    "<essay>": "<story>",
    "<article>": "<story>",
}


def codes(data: Path, seed: int) -> Split:
    """Texts of books and posts by the codes they earn, about as many of each code."""
    random = Random(f"codes {seed}")
    split, registers = Split(), None
    for part, rows in (("train", split.train), ("valid", split.valid)):
        found = _texts(data, part, random)
        registers = registers or Registers.of([text.whole for text in some(found, USUAL, random)])
        by_code = _by_code(found, registers)
        for code in SOFT:
            own = by_author((text.section.author, (text, codes)) for text, codes in by_code.get(code, []))
            for text, codes in balanced(own, EACH[part], random):
                rows.append(_row(text, [code] if random.random() < ALONE else codes, random))
        random.shuffle(rows)
    assert registers is not None
    split.test = list(_tests(data, registers, random))
    return split


def _texts(data: Path, part: str, random: Random) -> list[Text]:
    """Texts whose codes are looked at: letters, old English, and some of all, not twice the same place."""
    sections = list(book_sections(data, part))
    found = by_author(texts(sections, PERSONA, random))
    old = [text for own in found.values() for text in own if len(OLD.findall(text.whole)) > 1]
    usual = balanced(found, CONSIDERED[part], random)
    posts = [text for _, text in texts(post_sections(data, part), PERSONA, random)]
    chosen = [*usual, *some(posts, int(POSTS * CONSIDERED[part]), random), *_letters(sections), *old]
    return list({(t.section.volume, t.section.number, t.whole): t for t in chosen}.values())


def _letters(sections: Iterable[Section]) -> Iterator[Text]:
    """Texts that begin where a letter does."""
    for section in sections:
        for start in starts(section.text):
            if LETTER.match(section.text, start) and (
                rest := finished(section.text[start:], *PERSONA.completion)
            ):
                yield Text(section, "", rest)


def _by_code(found: Iterable[Text], registers: Registers) -> dict[str, list[tuple[Text, list[str]]]]:
    """Texts, with all of their codes, under each of these."""
    by_code: dict[str, list[tuple[Text, list[str]]]] = {}
    for text in found:
        earned = registers.codes(text.whole, text.section.genre)
        for code in earned:
            by_code.setdefault(code, []).append((text, earned))
    return by_code


def _tests(data: Path, registers: Registers, random: Random) -> Iterator[Row]:
    """Rows of each code, with one that it does not earn."""
    held_out = list(held_out_sections(data))
    found = [*_letters(held_out), *(text for _, text in texts(held_out, PERSONA, random))]
    others = [*book_sections(data, "valid"), *post_sections(data, "test")]
    found += [text for _, text in texts(others, PERSONA, random) if text.section.genre != "<story>"]
    by_code = _by_code(found, registers)
    for code, wrong in OPPOSITES.items():
        own = by_author((text.section.author, text) for text, _ in by_code.get(code, []))
        for text in some(even(own, TESTS, random), 8 * TESTS, random):
            section = text.section
            source = (
                {"author": section.author} if section.author in HELD_OUT else {"document": section.volume}
            )
            yield _row(text, [code], random) | source | {"code": code, "wrong": [wrong]}


def _row(text: Text, codes: list[str], random: Random) -> Row:
    row = {"prompt": text.beginning, "completion": text.completion}
    typed = {key: straighten(value) for key, value in row.items()} if random.random() < STRAIGHT else row
    return typed | {"codes": codes} | GOES_ON
