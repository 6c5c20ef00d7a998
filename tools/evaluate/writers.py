"""Authors as Killah meets its owner: a part of their text indexed, another part held out."""

import argparse
import time
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from killah.adapters import catalog as adapters
from killah.engine.members import own_lora
from killah.engine.personal.measuring import Held, Reader
from killah.errors import KillahError
from killah.gemma import catalog
from killah.persona import style
from killah.persona.chunks import chunks
from killah.persona.material import Material
from killah.training import own_persona
from killah.training.writing import Writing
from tools.adapters.embedded import Texts
from tools.evaluate import passages
from tools.evaluate.report import progress

BEGINNING = (60, 260)  # characters of a held-out passage that are given
LENGTH = 1_100  # characters of a held-out passage
INDEXED = 0.6  # share of the only book that may be indexed
LATER = 0.65  # where in the only book the held-out part begins
UNIT = 8  # rows of an author's own training that stay together


@dataclass(frozen=True)
class Writer:
    """An author: what is indexed, and what is held out, with embeddings (held, d) of the beginnings."""

    name: str
    material: Material
    held: list[Held]
    queries: np.ndarray


class Gathering:
    """The authors of an evaluation. Texts are embedded once, and kept in the folder of the options."""

    def __init__(self, options: argparse.Namespace, names: list[str]) -> None:
        self.options, self.names = options, names
        self.trained = False  # whether each has a LoRA of its own

    def reader(self, asked: Reader, writer: Writer) -> Reader:
        """The model with the writer's own LoRA, where there is one."""
        return replace(asked, persona=writer.name) if self.trained else asked

    def train(self) -> dict[str, Any]:
        """Train every author's own LoRA on what is indexed, as `killah persona train` does; how it went.

        In the present home: have one that is not the user's. Those that are in it already are kept.
        """
        outcomes: dict[str, Any] = {}
        base = catalog.find(self.options.model).name
        here = {each.name for each in adapters.installed(base)}
        for writer in self.writers:
            if own_lora(writer.name) in here:
                continue
            progress(f"training {writer.name}")
            began = time.perf_counter()
            outcome = own_persona.train(writer.name, _writing(writer), self.options.model)
            outcomes[writer.name] = {
                "words": sum(outcome.words.values()),
                "best_step": outcome.best_step,
                "perplexity_change_per_cent": outcome.perplexity and outcome.perplexity.change,
                "seconds": round(time.perf_counter() - began),
            }
        self.trained = True
        return outcomes

    @cached_property
    def writers(self) -> list[Writer]:
        """Every author, in order. Raises `KillahError` where one has too little text."""
        o = self.options
        split = {name: divided(o.data / name) for name in self.names}
        indexed = {name: some(chunks(text), o.indexed) for name, (text, _) in split.items()}
        held = {name: held_out(text, o.passages, o.seed) for name, (_, text) in split.items()}
        for name in self.names:
            if len(indexed[name]) < 8 or not held[name]:
                raise KillahError(
                    f"There is too little text of {name}.", "Some ten thousand words are needed."
                )
        texts = Texts()
        numbers = {n: [texts.add(t) for t in indexed[n]] for n in self.names}
        asked = {n: [texts.add(h.query) for h in held[n]] for n in self.names}
        progress(f"embedding {len(texts.number):,} texts (those of an earlier run are kept)")
        vectors = texts.embedded(o.cache)
        return [
            Writer(
                name,
                Material(
                    indexed[name],
                    vectors[numbers[name]],
                    np.stack([style.vector(text) for text in indexed[name]]),
                    np.zeros(len(indexed[name]), int),
                ),
                held[name],
                vectors[asked[name]],
            )
            for name in self.names
        ]


def _writing(writer: Writer) -> Writing:
    """The indexed passages in runs of `UNIT`, in pairs: neighbours are learned or held out together."""
    texts = writer.material.texts
    rows = [{"text": "\n\n".join(texts[at : at + 2])} for at in range(0, len(texts), 2)]
    return Writing([rows[at : at + UNIT] for at in range(0, len(rows), UNIT)], writer.name)


def divided(folder: Path) -> tuple[str, str]:
    """An author's text to index and to hold out: other books, or two parts of the only one."""
    books = [path.read_text("utf-8-sig") for path in sorted(folder.glob("*.txt"))]
    if len(books) > 1:
        return "\n\n".join(books[:-1]), books[-1]
    only = books[0]
    return only[: int(INDEXED * len(only))], only[int(LATER * len(only)) :]


def some(pieces: list[str], characters: int) -> list[str]:
    """Pieces at equal distances, about `characters` together."""
    step = max(1.0, sum(map(len, pieces)) / characters)
    return [pieces[int(i * step)] for i in range(int(len(pieces) / step))]


def held_out(text: str, count: int, seed: int) -> list[Held]:
    """At most `count` passages at equal distances; their first words are given, the rest is charged."""
    random = np.random.default_rng(seed)
    whole = [piece for piece in passages.cut(text) if len(piece) >= LENGTH // 2]
    step = max(1.0, len(whole) / count)
    held = []
    for i in range(min(count, len(whole))):
        piece = whole[int((i + 0.5) * step)][:LENGTH].rsplit(None, 1)[0]
        begun = piece.find(" ", int(random.integers(*BEGINNING)))
        held.append(Held(piece[:begun], piece[begun:]))
    return held
