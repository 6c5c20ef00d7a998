"""Rows of `persona` and `compose`: what the product knows of an author, and a text.

Those of `persona` have the author's soft tokens, and often passages before the text; those of `compose` have
passages.

A passage never stands near the text it goes with: it is from another volume where the author has several,
else from at least two sections (40,000 characters) away. Half are drawn, half are those that share most
rare words with the text's beginning, as those that retrieval finds do.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from math import log, sqrt
from pathlib import Path
from random import Random

from killah.persona.english import FUNCTION_WORDS
from tools.pretrain.corpus import straighten

from .cutting import finished, walk, whole_words
from .embedded import Texts
from .prose import GOES_ON, TEST_EACH, caret_in
from .splits import Row, Section, Split, balanced, book_sections, by_author, even, held_out_sections
from .vectors import Places, arrays, personas_of, places

STRAIGHT = 0.35  # rows in keyboard quotes
POOL = 300  # passages to choose from, each author
PASSAGE = (560, 700)  # characters, before it is cut to what a row has room for
QUERY = 250  # characters of the text that are compared with the passages
ALONE = 0.4  # share of rows that have the soft tokens only, no passages


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


@dataclass
class Conditions:
    """What a row of `persona` has beside its text: whose soft tokens, asked for by what."""

    known: dict[str, list[int]]
    where: dict[tuple[str, int], str]
    queries: Texts = field(default_factory=Texts)

    def of(self, text: "Text", random: Random) -> Row:
        """The keys of one row; the author's persona is of another place than the text."""
        section = text.section
        own = f"{section.author}/{self.where[section.volume, section.number]}#"
        elsewhere = [n for n in self.known if n.startswith(f"{section.author}/") and not n.startswith(own)]
        row: Row = {"persona": random.choice(elsewhere)}
        if text.beginning:
            row["query"] = self.queries.add(text.beginning)
        return row


def persona(data: Path, seed: int) -> Split:
    """Rows of the persona LoRA: to write as the soft tokens and the passages say."""
    random = Random(f"persona {seed}")
    parts = {part: list(book_sections(data, part)) for part in ("train", "valid")}
    held_out = list(held_out_sections(data))
    trained = places(parts["train"])
    everyone = {**trained, **places(held_out)}
    passages = Texts()
    known = personas_of(everyone, passages, Random(f"persona-projector {seed}"))  # the projector's
    where = _where({**everyone}) | _where(places(parts["valid"], like=trained))
    conditions = Conditions(known, where)
    pools, split = _pools(parts["train"], random), Split()
    for part, rows, count in (("train", split.train, PERSONA.rows), ("valid", split.valid, 200)):
        for text in balanced(by_author(texts(parts[part], PERSONA, random)), count, random):
            bare = random.random() < ALONE
            row = _alone(text, random) if bare else _row(text, pools, PERSONA, random)
            if row and len(trained[text.section.author]) > 1:
                rows.append(row | conditions.of(text, random))
        random.shuffle(rows)
    _test(split, data, PERSONA, random, conditions)
    split.personas, split.arrays = known, arrays(passages, conditions.queries, data)
    return split


def _where(found: Places) -> dict[tuple[str, int], str]:
    """The place of each section, by volume and number."""
    return {
        (s.volume, s.number): place for there in found.values() for place, own in there.items() for s in own
    }


def _alone(text: "Text", random: Random) -> Row:
    """A row without passages."""
    return _json([], text, random.random() < STRAIGHT) | GOES_ON


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
        chosen = balanced(by_author(texts(book_sections(data, name), shape, random)), count, random)
        rows.extend([row for text in chosen if (row := _row(text, pools, shape, random))])
        random.shuffle(rows)
    _test(split, data, shape, random)
    return split


def _test(
    split: Split, data: Path, shape: Shape, random: Random, conditions: Conditions | None = None
) -> None:
    """The held-out authors' rows, with their own passages, with another's, and with none, row by row.

    The soft tokens are the passages' author's; where there are none, there are no passages.
    """
    pools = _pools(held_out_sections(data), random)
    wrong, none = split.more["test_wrong"], split.more["test_none"] = [], []
    for text in even(by_author(texts(held_out_sections(data), shape, random)), TEST_EACH, random):
        if found := _chosen(text, pools, shape, random):
            other = random.choice([a for a in pools if a != text.section.author])
            others = pools[other].choose(
                text.section, text.whole, len(found.passages), found.by_words, random
            )
            swapped = [_as_long(p, len(own)) for p, own in zip(others, found.passages, strict=True)]
            straight = random.random() < STRAIGHT
            own = conditions.of(text, random) if conditions else {}
            if conditions:
                theirs = [n for n in conditions.known if n.startswith(f"{other}/")]
                foreign = own | {"persona": random.choice(theirs)}
            else:
                foreign = {}
            for rows, passages, more in (
                (split.test, found.passages, own),
                (wrong, swapped, foreign),
                (none, [], {}),
            ):
                # The text goes on after its last word: the figure is of the text, not of where it was cut.
                about = {"author": text.section.author} | GOES_ON
                rows.append(_json(passages, text, straight) | about | more)


@dataclass(frozen=True)
class Text:
    """A text of a section: what there is of it, and what is learned."""

    section: Section
    beginning: str
    completion: str

    @property
    def whole(self) -> str:
        """Both."""
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


def texts(sections: Iterable[Section], shape: Shape, random: Random) -> Iterator[tuple[str, Text]]:
    """Texts of a shape, none overlapping, each with its author."""

    def cut(text: str) -> tuple[str, ...]:
        caret = (
            caret_in(text, random.randint(*shape.beginning), random) if random.random() < shape.begun else 0
        )
        rest = finished(text[caret:], *shape.completion)
        return (text[:caret], rest) if rest else ()

    for section in sections:
        for beginning, completion in walk(section.text, cut):
            yield section.author, Text(section, beginning, completion)


def _row(text: Text, pools: dict[str, Pool], shape: Shape, random: Random) -> Row | None:
    found = _chosen(text, pools, shape, random)
    if not found:
        return None
    return _json(found.passages, text, random.random() < STRAIGHT) | GOES_ON


def _chosen(text: Text, pools: dict[str, Pool], shape: Shape, random: Random) -> _Chosen | None:
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


def _json(passages: list[str], text: Text, straight: bool) -> Row:
    prompt = "".join(chain((p.strip() + "\n\n" for p in passages), (text.beginning,)))
    row = {"prompt": prompt, "completion": text.completion}
    return {k: straighten(v) for k, v in row.items()} if straight else row
