"""Sentences of real text, by language: what people write, and so what they dictate."""

import json
from collections.abc import Iterator
from pathlib import Path

from killah.audio.commands.tables import Language
from killah.persona.sentences import sentences

# Never trained on: the authors of every figure on personas, and two Russian ones.
HELD_OUT = frozenset(
    """
    g-k-chesterton oscar-wilde jack-london edith-wharton o-henry willa-cather jerome-k-jerome robert-e-howard
    gorky lermontov
    """.split()
)
_POSTS = ("digitalgov_cc0", "18f_blog_cc0", "opensource_guide_ccby4")
_DIALOGUES = ("sgd_dialogues_ccbysa4", "taskmaster4_coffee_ccby4")


def prose(data: Path, language: Language, *, held_out: bool = False) -> Iterator[str]:
    """Whole texts of authors; the held-out ones or all others."""
    for file in sorted((data / f"text-{language}").glob("*/*.txt")):
        if (file.parent.name in HELD_OUT) == held_out:
            yield file.read_text("utf-8")


def posts(data: Path, *, held_out: bool | None = None) -> Iterator[str]:
    """Modern plain English, of it guides that tell people what to do; a tenth is held out, None is all."""
    for name in _POSTS:
        lines = (data / "text-modern-en" / f"{name}.jsonl").read_text("utf-8").splitlines()
        for number, line in enumerate(lines):
            if held_out is None or (number % 10 == 0) == held_out:
                yield json.loads(line)["text"]


def turns(data: Path, *, held_out: bool = False) -> Iterator[str]:
    """What people say to a machine or to a clerk: requests, but not about a text. A tenth is held out."""
    for name in _DIALOGUES:
        lines = (data / "text-modern-en" / f"{name}.jsonl").read_text("utf-8").splitlines()
        for number, line in enumerate(lines):
            if (number % 10 == 0) == held_out:
                yield from (said for _, said in json.loads(line)["turns"])


def split(texts: Iterator[str], every: int = 1) -> Iterator[str]:
    """The sentences of texts, in order; of one paragraph in `every`."""
    for text in texts:
        for paragraph in text.split("\n\n")[::every]:
            yield from sentences(" ".join(paragraph.split()))
