"""Passages of the indexed documents that may answer a question, found by their meaning and by their words."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Self

import numpy as np

from killah.engine.talking.words import content, forms
from killah.errors import KillahError
from killah.persona import blends, personas
from killah.persona.embedding import Embedder
from killah.persona.indexing import refuse_paused
from killah.persona.retrieval import Retriever
from killah.persona.store import Store

EACH = 4  # passages that each way finds

# Passages that count and hold any of the words, the best by BM25 first.
_BY_WORDS = (
    "SELECT fulltext.rowid FROM fulltext JOIN chunks ON chunks.id = fulltext.rowid"
    " WHERE fulltext MATCH ? AND original IS NULL ORDER BY rank LIMIT ?"
)


@dataclass(frozen=True)
class Found:
    """A passage, and the path of a document that holds it."""

    text: str
    path: str


class Library:
    """What one persona has read."""

    def __init__(self, path: Path, embedder: Embedder) -> None:
        self._path = path
        self._retriever = Retriever(path, embedder)

    def __len__(self) -> int:
        return len(self._retriever)

    def by_meaning(self, query: np.ndarray, most: int = EACH) -> list[Found]:
        """The passages nearest to `query` (dimensions,), best first."""
        return [Found(each.text, each.path) for each in self._retriever.passages("", most, query)]

    def by_words(self, question: Sequence[str], most: int = EACH) -> list[Found]:
        """The passages with the words of a question (see `content`) in them, best by BM25 first."""
        wanted = " OR ".join(form for word in question for form in forms(word))
        if not wanted or not self._path.is_file():
            return []
        with Store.open(self._path) as store:
            numbers = [number for (number,) in store.rows(_BY_WORDS, (wanted, most))]
            texts = store.passages(numbers)
        return [Found(*texts[number]) for number in numbers if number in texts]

    def find(self, question: str, query: np.ndarray) -> list[Found]:
        """The passages of both ways, each once, the best of each first."""
        return in_turn([self.by_words(content(question)), self.by_meaning(query)])


class Libraries:
    """What the personas of a blend have read, and the embedder they share."""

    def __init__(self, each: Sequence[Library], embedder: Embedder) -> None:
        self._each = list(each)
        self.embedder = embedder

    @classmethod
    def open(cls, blend: str, embedder: str) -> Self:
        """Open `default` or `saki=0.7,wells=0.3`. Raises `KillahError` where nothing can be asked."""
        names, model = list(blends.parse(blend)), Embedder(embedder)
        missing = [name for name in names if not personas.path_of(name).is_file()]
        if missing == names:
            raise _nothing(blend)
        found = []
        for name in names:
            path = personas.existing(name)
            with Store.open(path) as store:
                refuse_paused(store)
            found.append(Library(path, model))
        if not any(map(len, found)):
            raise _nothing(blend)
        return cls(found, model)

    def find(self, question: str, query: np.ndarray) -> list[Found]:
        """What every library finds; see `Library.find`."""
        return in_turn([library.find(question, query) for library in self._each])


def in_turn(rankings: Sequence[Sequence[Found]]) -> list[Found]:
    """The first of each ranking, the second of each, and so on, each passage once.

    Fused ranks (Cormack, Clarke and Büttcher 2009) lost passages that one way alone finds: the right one of 3
    questions in 28.
    """
    return list(dict.fromkeys(f for row in zip_longest(*rankings) for f in row if f is not None))


def _nothing(blend: str) -> KillahError:
    more = "" if blend == "default" else f" --persona {blend!r}"
    return KillahError(
        "There are no documents to answer from.", f"Index some: killah index ~/Documents{more}"
    )
