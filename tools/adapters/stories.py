"""Rows of `story`: from a few names and things to the opening in which they occur.

No tagger is needed to find them: a noun stands between an article and the end of its phrase, a name has a
capital inside a sentence, and what is rare in all the books says most about this one.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from math import log
from pathlib import Path
from random import Random

from killah.persona.english import FUNCTION_WORDS
from tools.pretrain.corpus import straighten

from .cutting import finished, walk
from .prose import TEST_EACH
from .splits import Row, Section, Split, balanced, book_sections, by_author, even, held_out_sections

ROWS = 6_500
VALID_ROWS = 200
OPENING = (600, 1100)  # characters
ITEMS = (3, 6)  # in a premise
STRAIGHT = 0.5  # rows in keyboard quotes
CHAPTERS = 2.5  # times the weight of a chapter's first passage: those are true openings

_NAME = re.compile(
    r"(?:(?:Mr|Mrs|Dr|St)\. )?[A-Z][a-zé]{2,}(?:(?:['’]s)? (?:(?:of|de|von|of the) )?[A-Z][a-zé]{2,}){0,2}"
)
_OPENS = re.compile(r"(?:\A|[.!?…:—\n] ?|[\"“‘(])\Z")  # before the first word of a sentence
_PHRASE = re.compile(
    r"\b(the|a|an|his|her|my|their|our|its|this|that|every|some|no) "
    r"((?:[a-z]+(?:-[a-z]+)? ){0,1}[a-z]+(?:-[a-z]+)?)"
    r"(?=[,.;:!?—]| (?:" + "|".join(sorted(w for w in FUNCTION_WORDS if w.isalpha())) + r")\b)"
)
_NOT_NAMES = frozenset(
    """
    God Heaven Lord Oh Ah Well Yes No What Why How Where Here There Sir Madam Miss Monday Tuesday
    Wednesday Thursday Friday Saturday Sunday January February March April June July August
    September October November December English French German Russian Italian Spanish Mlle Mme
    American Indian Irish Roman Greek Christian Jewish Chinese European
    """.split()
)
_NOT_NOUNS = re.compile(r"(?:ly|ing|est|ous|ful|less|ish|able|ible|ed)$")


def story(data: Path, seed: int) -> Split:
    """Premises and openings, of fiction only."""
    random = Random(f"story {seed}")
    train = list(book_sections(data, "train", "<story>"))
    rarity = Rarity(section.text for section in train)
    valid = book_sections(data, "valid", "<story>")
    split = Split()
    for sections, rows, count in ((train, split.train, ROWS), (valid, split.valid, VALID_ROWS)):
        rows.extend(balanced(by_author(_rows(sections, rarity, random)), count, random))
        random.shuffle(rows)
    tests = by_author((a, {**row, "author": a}) for a, row in _rows(held_out_sections(data), rarity, random))
    split.test = even(tests, TEST_EACH, random)
    return split


class Rarity:
    """How much a word says: the logarithm of sections over sections that hold it."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._sections = 0
        self._holding: Counter[str] = Counter()
        for text in texts:
            self._sections += 1
            self._holding.update(set(re.findall(r"[a-zé-]+", text.lower())))

    def __call__(self, word: str) -> float:
        """0 for a word of every section; one that is in no section is as rare as one in one."""
        return log((self._sections + 1) / max(1, self._holding[word.lower()]))

    def is_word(self, word: str) -> bool:
        """Not a slip of the typesetter nor a word of one author's dialect."""
        return self._holding[word] >= 3


def premise(text: str, rarity: Rarity, random: Random) -> str:
    """Names and things of `text` in order of appearance: "Irene Adler, the photograph, a king"; or ""."""
    found = _candidates(text, rarity)
    wanted = random.randint(*ITEMS)
    chosen = sorted(found, key=lambda item: found[item][0], reverse=True)[:wanted]
    with_articles = random.random() < 0.5
    words = [
        found[item][2] + item if with_articles else item for item in sorted(chosen, key=lambda i: found[i][1])
    ]
    return ", ".join(words) if len(words) >= ITEMS[0] else ""


def _candidates(text: str, rarity: Rarity) -> dict[str, tuple[float, int, str]]:
    """Score, place and article of each name and noun phrase."""
    found: dict[str, tuple[float, int, str]] = {}
    for match in _NAME.finditer(text):
        if _is_name(match, text) and not any(set(match[0].split()) & set(other.split()) for other in found):
            found[match[0]] = (5.0 + text.count(match[0].split()[-1]), match.start(), "")
    for match in _PHRASE.finditer(text):
        article, phrase = match.groups()
        *before, head = phrase.split()
        new = not any(other.split()[-1] == head for other in found)
        if new and _is_thing(head, rarity) and FUNCTION_WORDS.isdisjoint(before):
            found[phrase] = (rarity(head), match.start(), f"{article} " if article in _ARTICLES else "")
    return dict(_few_names(found))


def _is_name(match: re.Match[str], text: str) -> bool:
    """A sentence's first word is one only if another capital follows."""
    first, *more = match[0].split()
    opens = _OPENS.search(text, max(0, match.start() - 2), match.start())
    plain = first.replace("’", "'").removesuffix("'s")
    known = plain not in _NOT_NAMES and plain.lower() not in FUNCTION_WORDS
    return known and (not opens or bool(more) or "." in first)


_ARTICLES = frozenset(("the", "a", "an"))


def _few_names(found: dict[str, tuple[float, int, str]]) -> Iterator[tuple[str, tuple[float, int, str]]]:
    """The three names that occur most, and all things."""
    names = sorted((item for item in found if item[0].isupper()), key=lambda n: -found[n][0])
    yield from ((item, score) for item, score in found.items() if item not in names[3:])


def _is_thing(word: str, rarity: Rarity) -> bool:
    return (
        len(word) > 3
        and word not in FUNCTION_WORDS
        and not _NOT_NOUNS.search(word)
        and rarity.is_word(word)
        and rarity(word) > 1.2
    )


def _rows(sections: Iterable[Section], rarity: Rarity, random: Random) -> Iterator[tuple[str, Row]]:
    def cut(text: str) -> tuple[str, ...]:
        opening = finished(text, *OPENING)
        return (opening,) if opening else ()

    for section in sections:
        for number, (opening,) in enumerate(walk(section.text, cut)):
            if (number or not section.opens) and not _may_open(opening, random):
                continue
            if ideas := premise(opening, rarity, random):
                row = {"instruction": "story", "input": ideas, "output": opening}
                typed = {k: straighten(v) for k, v in row.items()} if random.random() < STRAIGHT else row
                yield section.author, typed


def _may_open(passage: str, random: Random) -> bool:
    """Of passages that open no chapter one in `CHAPTERS`, and only those that could."""
    begins = re.match(r"[A-Z](?!ut |nd |o[ ,]|hen |et |or |or, )", passage)
    return bool(begins) and random.random() < 1 / CHAPTERS
