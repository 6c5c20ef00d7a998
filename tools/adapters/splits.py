"""Rows of a data set and the three files a trainer reads, and which text may be in which of them.

Text is divided before rows are cut from it: a section of a book or a whole post belongs to one part for
good, by a hash of its name, so that no row of one part overlaps a row of another.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import numpy as np
from safetensors.numpy import save_file

from killah.errors import KillahError
from tools.pretrain.corpus import HELD_OUT, Document, books, posts

from .cutting import is_sentences

Row = dict[str, Any]
Item = TypeVar("Item")

RUN = 12  # words that are no coincidence
SECTION = 20_000  # characters: small enough that every part has text of every author
PARTS = (("valid", 0.02), ("compose", 0.12), ("train", 1.0))  # upper ends of the hash's range
POST_PARTS = (("valid", 0.02), ("test", 0.10), ("train", 1.0))


@dataclass
class Split:
    """The rows of a data set; `more` holds files beside the three.

    `personas` are the passages of each by name, `arrays` what `killah.training.personas` reads of them.
    """

    train: list[Row] = field(default_factory=list)
    valid: list[Row] = field(default_factory=list)
    test: list[Row] = field(default_factory=list)
    more: dict[str, list[Row]] = field(default_factory=dict)
    personas: dict[str, list[int]] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    def files(self) -> dict[str, list[Row]]:
        """Rows by file name without its ending."""
        return {"train": self.train, "valid": self.valid, "test": self.test, **self.more}


@dataclass(frozen=True)
class Section:
    """Consecutive paragraphs of one chapter, or a post; `opens` where a chapter begins with it."""

    author: str
    volume: str
    number: int
    text: str
    genre: str = "<story>"
    opens: bool = True


def write(folder: Path, split: Split) -> None:
    """JSON lines for each of `split.files()`, and personas.safetensors where the rows have personas.

    Raises `KillahError` where a part is empty.
    """
    for name, rows in split.files().items():
        if not rows:
            raise KillahError(f"There is no {name} row for {folder.name}.", "Is the data folder complete?")
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in split.files().items():
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text("".join(lines), "utf-8")
    if split.personas:
        about = {"personas": json.dumps(split.personas)}
        save_file(split.arrays, folder / "personas.safetensors", metadata=about)


def fraction(key: str) -> float:
    """A number in [0, 1) that depends on `key` alone, on every machine and in every year."""
    return int.from_bytes(blake2b(key.encode(), digest_size=6).digest()) / 2**48


def part(key: str, parts: tuple[tuple[str, float], ...] = PARTS) -> str:
    """The part that `key` belongs to."""
    place = fraction(key)
    return next(name for name, end in parts if place < end)


def book_sections(data: Path, wanted: str, genre: str | None = None) -> Iterator[Section]:
    """Sections of the authors that may be trained on, those of the part `wanted`: train, valid or compose."""
    for document in books(data):
        if genre in (None, document.genre):
            for section in sections(document):
                if part(f"{section.volume}#{section.number}") == wanted:
                    yield section


def held_out_sections(data: Path) -> Iterator[Section]:
    """Sections of the eight authors who are the personas of every figure: for `test.jsonl` only."""
    for author in sorted(HELD_OUT):
        for path in sorted((data / "text-en" / author).glob("*.txt")):
            yield from sections(Document(f"{author}/{path.stem}", "<story>", path.read_text("utf-8")))


def sections(document: Document) -> Iterator[Section]:
    """Chapters, long ones cut at paragraph ends into sections of about `SECTION` characters."""
    number = 0
    for chapter in filter(None, (c.strip() for c in document.text.split("\n\n\n"))):
        opens, paragraphs, size = True, [], 0
        for paragraph in [*chapter.split("\n\n"), None]:
            if size >= SECTION or (paragraph is None and paragraphs):
                author = document.source.split("/")[0]
                text = "\n\n".join(paragraphs)
                yield Section(author, document.source, number, text, document.genre, opens)
                opens, paragraphs, size = False, [], 0
                number += 1
            if paragraph is not None:
                paragraphs.append(paragraph)
                size += len(paragraph)


def post_sections(data: Path, wanted: str) -> Iterator[Section]:
    """Posts of the part `wanted` (train, valid or test), of which only whole sentences are kept."""
    for document in posts(data):
        if part(document.source, POST_PARTS) == wanted:
            paragraphs = html.unescape(document.text).split("\n\n")
            text = "\n\n".join(p for p in paragraphs if is_sentences(p))
            if text:
                yield Section(document.source, document.source, 0, text, document.genre)


def by_author(pairs: Iterable[tuple[str, Item]]) -> dict[str, list[Item]]:
    """Items in lists, by their author."""
    found: dict[str, list[Item]] = {}
    for author, item in pairs:
        found.setdefault(author, []).append(item)
    return found


def balanced(groups: dict[str, list[Item]], count: int, random: Random) -> list[Item]:
    """About `count` items, from each author by the square root of what there is, at most all of it.

    The square root is between the corpus as it is, where two authors in fifty are a fifth of the text, and
    one voice, one vote, where the smallest are repeated.
    """
    taken: list[Item] = []
    weight = sum(sqrt(len(items)) for items in groups.values())
    for items in sorted(groups.values(), key=len):  # what the small ones lack goes to the others
        share = sqrt(len(items))
        quota = min(len(items), round((count - len(taken)) * share / weight))
        weight -= share
        taken += random.sample(items, quota)
    return taken


def unseen(rows: list[Row], learned: list[Row]) -> list[Row]:
    """Rows that share no run of `RUN` words with what is learned.

    Posts are published twice and end in the same lines, and evangelists tell the same story: there a
    division by name is not enough.
    """
    known = {run for row in learned for run in _runs(row)}
    return [row for row in rows if known.isdisjoint(_runs(row))]


def _runs(row: Row) -> Iterator[tuple[str, ...]]:
    texts = (row[key] for key in ("text", "prompt", "completion", "input", "output") if key in row)
    words = re.findall(r"\w+", " ".join(texts).lower())
    return zip(*(words[start:] for start in range(RUN)), strict=False)


def even(groups: dict[str, list[Item]], each: int, random: Random) -> list[Item]:
    """`each` items of every author, or all of one who has fewer."""
    return [item for items in groups.values() for item in random.sample(items, min(each, len(items)))]


def some(items: list[Item], count: int, random: Random) -> list[Item]:
    """`count` of the items without repetition, or all of them."""
    return random.sample(items, min(count, len(items)))
