"""Rows of `persona` and `compose`: passages of an author as the product shows them, and a text.

A passage never stands near the text it goes with: it is from another volume where the author has several,
else from at least two sections (40,000 characters) away. Half are drawn, half are those that share most
rare words with the text's beginning, as those that retrieval finds do.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from math import log, sqrt
from pathlib import Path
from random import Random

from killah.persona.english import FUNCTION_WORDS
from tools.pretrain.corpus import straighten

from .cutting import finished, walk, whole_words
from .prose import GOES_ON, TEST_EACH, caret_in
from .splits import Row, Section, Split, balanced, book_sections, by_author, even, held_out_sections

STRAIGHT = 0.35  # rows in keyboard quotes
POOL = 300  # passages to choose from, each author
PASSAGE = (560, 700)  # characters, before it is cut to what a row has room for
QUERY = 250  # characters of the text that are compared with the passages


@dataclass(frozen=True)
class Shape:
    """Rows to make, and characters: of one passage, of each of two, of the beginning, of the completion."""

    rows: int
    one: tuple[int, int]
    two: tuple[int, int]
    beginning: tuple[int, int]
    completion: tuple[int, int]
    begun: float  # share of rows in which the text has begun


PERSONA = Shape(4_200, (300, 700), (300, 450), (40, 200), (600, 900), 0.5)
COMPOSE = Shape(3_500, (300, 600), (260, 380), (150, 600), (480, 800), 1.0)


@dataclass(frozen=True)
class Passage:
    """A passage of the pool, where it is from, and its content words."""

    volume: str
    section: int
    text: str
    words: frozenset[str]

    def is_far_from(self, section: Section, volumes: int) -> bool:
        """Whether it is from another place of the author's works."""
        return self.volume != section.volume if volumes > 1 else abs(self.section - section.number) > 1


class Pool:
    """An author's passages, and how rare their words are among them."""

    def __init__(self, passages: list[Passage]) -> None:
        self._passages = passages
        self._volumes = len({p.volume for p in passages})
        holding = Counter(word for p in passages for word in p.words)
        self._rarity = {word: log(len(passages) / count) for word, count in holding.items()}

    def choose(self, section: Section, text: str, count: int, by_words: bool, random: Random) -> list[str]:
        """`count` passages for a text of `section`, which may be another author's, best last."""
        far = [p for p in self._passages if p.is_far_from(section, self._volumes)]
        if len(far) < count or not by_words:
            return [p.text for p in random.sample(far, min(count, len(far)))]
        query = content_words(text[:QUERY])
        best = sorted(far, key=lambda p: self._likeness(query, p))[-count:]
        return [p.text for p in best]

    def _likeness(self, query: frozenset[str], passage: Passage) -> float:
        return sum(self._rarity[w] for w in query & passage.words) / sqrt(len(passage.words) + 1)


def persona(data: Path, seed: int) -> Split:
    """Rows of the persona LoRA: to write as the passages do."""
    return _split(data, Random(f"persona {seed}"), PERSONA, "train")


def compose(data: Path, seed: int) -> Split:
    """Rows of the mixing weights: passages, a beginning, its continuation, from text no adapter has seen."""
    return _split(data, Random(f"compose {seed}"), COMPOSE, "compose")


def content_words(text: str) -> frozenset[str]:
    """Words of four letters or more that are not function words."""
    return frozenset(re.findall(r"[^\W\d_]{4,}", text.lower())) - FUNCTION_WORDS


def _split(data: Path, random: Random, shape: Shape, part: str) -> Split:
    pools = _pools(book_sections(data, "train"), random)
    split = Split()
    for name, rows, count in ((part, split.train, shape.rows), ("valid", split.valid, 200)):
        texts = balanced(by_author(_texts(book_sections(data, name), shape, random)), count, random)
        rows.extend([row for text in texts if (row := _row(text, pools, shape, random))])
        random.shuffle(rows)
    _test(split, data, shape, random)
    return split


def _test(split: Split, data: Path, shape: Shape, random: Random) -> None:
    """The held-out authors' rows, with their own passages, with another's, and with none, row by row."""
    pools = _pools(held_out_sections(data), random)
    wrong, none = split.more["test_wrong"], split.more["test_none"] = [], []
    for text in even(by_author(_texts(held_out_sections(data), shape, random)), TEST_EACH, random):
        if found := _chosen(text, pools, shape, random):
            other = random.choice([a for a in pools if a != text.section.author])
            others = pools[other].choose(
                text.section, text.whole, len(found.passages), found.by_words, random
            )
            swapped = [_as_long(p, len(own)) for p, own in zip(others, found.passages, strict=True)]
            straight = random.random() < STRAIGHT
            for rows, passages in ((split.test, found.passages), (wrong, swapped), (none, [])):
                # The text goes on after its last word: the figure is of the text, not of where it was cut.
                about = {"author": text.section.author} | GOES_ON
                rows.append(_json(passages, text, straight) | about)


@dataclass(frozen=True)
class _Text:
    section: Section
    beginning: str
    completion: str

    @property
    def whole(self) -> str:
        return self.beginning + self.completion


@dataclass(frozen=True)
class _Chosen:
    passages: list[str]
    by_words: bool


def _pools(sections: Iterable[Section], random: Random) -> dict[str, Pool]:
    passages = by_author(
        (s.author, (s, piece))
        for s in sections
        for (piece,) in walk(s.text, lambda text: _piece(text, PASSAGE))
    )
    pools: dict[str, Pool] = {}
    for author, found in passages.items():
        chosen = random.sample(found, min(POOL, len(found)))
        pools[author] = Pool(
            [Passage(s.volume, s.number, piece, content_words(piece)) for s, piece in chosen]
        )
    return pools


def _piece(text: str, lengths: tuple[int, int]) -> tuple[str, ...]:
    piece = finished(text, *lengths)
    return (piece,) if piece else ()


def _texts(sections: Iterable[Section], shape: Shape, random: Random) -> Iterator[tuple[str, _Text]]:
    def cut(text: str) -> tuple[str, ...]:
        caret = (
            caret_in(text, random.randint(*shape.beginning), random) if random.random() < shape.begun else 0
        )
        rest = finished(text[caret:], *shape.completion)
        return (text[:caret], rest) if rest else ()

    for section in sections:
        for beginning, completion in walk(section.text, cut):
            yield section.author, _Text(section, beginning, completion)


def _row(text: _Text, pools: dict[str, Pool], shape: Shape, random: Random) -> Row | None:
    found = _chosen(text, pools, shape, random)
    if not found:
        return None
    return _json(found.passages, text, random.random() < STRAIGHT) | GOES_ON


def _chosen(text: _Text, pools: dict[str, Pool], shape: Shape, random: Random) -> _Chosen | None:
    """One or two passages of the author, cut to the room there is; None where none is far enough away."""
    if text.section.author not in pools:
        return None
    lengths = [random.randint(*shape.one)] if random.random() < 0.5 else [random.randint(*shape.two)] * 2
    by_words = random.random() < 0.5
    passages = pools[text.section.author].choose(text.section, text.whole, len(lengths), by_words, random)
    if len(passages) < len(lengths):
        return None
    cut = [finished(p, 200, n) or whole_words(p, n) for p, n in zip(passages, lengths, strict=True)]
    return _Chosen(cut, by_words)


def _as_long(passage: str, length: int) -> str:
    """Cut as those of the author are, so that a control differs in nothing but who wrote it."""
    return finished(passage, length * 3 // 5, length) or whole_words(passage, length)


def _json(passages: list[str], text: _Text, straight: bool) -> Row:
    prompt = "".join(chain((p.strip() + "\n\n" for p in passages), (text.beginning,)))
    row = {"prompt": prompt, "completion": text.completion}
    return {k: straighten(v) for k, v in row.items()} if straight else row
