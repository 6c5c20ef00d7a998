"""Passages of held-out text: `DIR/<author>/*.txt`, spread evenly over each author, from paragraph starts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from killah.errors import KillahError
from tools.adapters.cutting import whole_words
from tools.pretrain.corpus import HELD_OUT

# About 400 tokens of English: with <bos> it fits a window of 512 with any tokenizer in use.
LENGTH = 1600
SHORTEST = 300

_PARAGRAPH = re.compile(r"\n\s*(?=\S)")


@dataclass(frozen=True)
class Passage:
    """Consecutive text of one author, whole words, at most `LENGTH` characters."""

    author: str
    text: str

    @property
    def size(self) -> int:
        """UTF-8 bytes."""
        return len(self.text.encode())


def read(data: Path, count: int, *, only: list[str] | None = None, seed: int = 0) -> list[Passage]:
    """At most `count` passages, the same number from each author; equal arguments give equal passages.

    `only` these authors; without it the held-out ones where `data` has any of them, else every folder. Raises
    `KillahError` where there is nothing to read.
    """
    folders = _folders(data, only)
    share = max(1, count // len(folders))
    found = [p for folder in folders for p in _spread(list(_candidates(folder)), share, seed)]
    if not found:
        raise KillahError(
            f"{data} holds no text of {SHORTEST} characters or more.", "Put text files in DIR/<author>/*.txt."
        )
    return found


def cut(text: str) -> Iterator[str]:
    """Passages of a document, none overlapping, each from the start of a paragraph."""
    starts = [0, *(m.end() for m in _PARAGRAPH.finditer(text))]
    end = 0
    for start in starts:
        if start < end:
            continue
        passage = whole_words(text[start : start + LENGTH + 1], LENGTH)
        end = start + len(passage)
        if len(passage) >= SHORTEST:
            yield passage


def authors(data: Path) -> list[str]:
    """Folders of `data` that hold text. Raises `KillahError` where there are none."""
    if not data.is_dir():
        raise KillahError(
            f"There is no folder {data}.", "Give one with --data DIR; it holds DIR/<author>/*.txt."
        )
    names = [
        folder.name for folder in sorted(data.iterdir()) if folder.is_dir() and any(folder.glob("*.txt"))
    ]
    if not names:
        raise KillahError(f"{data} is empty of text.", "It should hold DIR/<author>/*.txt.")
    return names


def _folders(data: Path, wanted: list[str] | None) -> list[Path]:
    there = authors(data)
    missing = [name for name in wanted or () if name not in there]
    if missing:
        raise KillahError(f"{data} has no author {missing[0]!r}.", f"It has: {', '.join(there)}.")
    return [data / name for name in wanted or sorted(HELD_OUT.intersection(there)) or there]


def _candidates(folder: Path) -> Iterator[Passage]:
    for path in sorted(folder.glob("*.txt")):
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise KillahError(f"Cannot read {path} as UTF-8 text.", "Convert or remove it.") from error
        yield from (Passage(folder.name, piece) for piece in cut(text))


def _spread(candidates: list[Passage], count: int, seed: int) -> list[Passage]:
    """`count` of the candidates at equal distances, from a place that depends on `seed`."""
    if len(candidates) <= count:
        return candidates
    phase = np.random.default_rng(seed).random()
    return [candidates[int((i + phase) * len(candidates) / count)] for i in range(count)]
