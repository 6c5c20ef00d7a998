"""Who the reference population is, and passages of each: `.data` in, passages out.

The English are the authors a shipped model may learn from (never the held-out eight) and three modern writers
of plain prose; the Russians are the eleven classics.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from killah.errors import KillahError
from killah.persona.chunks import LONGEST, SHORTEST, chunks
from killah.persona.style import Language
from tools.pretrain.corpus import HELD_OUT, IN_COPYRIGHT_ABROAD

MODERN = {
    "digital.gov": "digitalgov_cc0.jsonl",
    "18F": "18f_blog_cc0.jsonl",
    "opensource.guide": "opensource_guide_ccby4.jsonl",
}
WINDOW = 2400  # characters: enough for a passage and the paragraph it begins after

_PARAGRAPH = re.compile(r"\n\n")
_SENTENCE = re.compile(r"[.!?…][\"'”’»)]* (?=[\"“‘«(—–]*[A-ZА-ЯЁ])")


def texts(data: Path, language: Language) -> Iterator[tuple[str, str]]:
    """Every reference author with all of the text there is. Raises `KillahError` without data."""
    folder = data / f"text-{language}"
    authors = sorted(path.name for path in folder.glob("*") if path.is_dir())
    if not authors:
        raise KillahError(
            f"There is no text in {folder}.", "Unpack the data sets, or give their folder: --data"
        )
    for author in authors:
        if author not in HELD_OUT and author not in IN_COPYRIGHT_ABROAD:
            yield author, read(folder / author)
    if language == "en":
        for author, name in MODERN.items():
            lines = (data / "text-modern-en" / name).read_text("utf-8").splitlines()
            yield author, "\n\n".join(json.loads(line)["text"] for line in lines)


def read(folder: Path) -> str:
    """All of an author's text files, one after the other."""
    return "\n\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.txt")))


def passages(text: str, count: int) -> list[str]:
    """At most `count` passages at equal distances, none overlapping, cut as an index cuts them."""
    starts = np.linspace(0, max(0, len(text) - WINDOW), max(1, min(count, len(text) // WINDOW))).astype(int)
    found = (first_passage(text[start : start + WINDOW]) for start in starts)
    return [passage for passage in found if passage]


def first_passage(window: str) -> str:
    """The first whole passage after the beginning of a paragraph, or of a sentence; "" without one."""
    begin = _PARAGRAPH.search(window, 0, WINDOW // 3) or _SENTENCE.search(window)
    pieces = chunks(window[begin.end() :])[:-1] if begin else []
    return next((piece for piece in pieces if SHORTEST <= len(piece.split()) <= LONGEST), "")
