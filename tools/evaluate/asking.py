"""Questions about documents, and what each way of looking finds for them.

Documents of a collection are indexed as `killah index` does it, but for some that are left out, and questions
are made of both (`questions.py`). What each way looks at is kept, so that anything can be counted of it.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from killah.engine.talking import answering
from killah.engine.talking.answering import Candidate, candidates
from killah.engine.talking.lookup import EACH, Library
from killah.engine.talking.words import asked, content
from killah.errors import KillahError
from killah.persona import personas
from killah.persona.chunks import chunks
from killah.persona.embedding import Embedder
from killah.persona.indexing import index
from killah.persona.store import Store
from tools.evaluate.questions import Asker, Question, asked_by_author, some
from tools.evaluate.report import progress
from tools.home import home
from tools.pretrain.corpus import HELD_OUT

CHOOSING, REPORTED = "guides", ("posts", "stories", "russian")
SAME, OTHER, OWN = "in_its_words", "in_other_words", "as_authors_ask"  # forms of questions
PIECE = 6_000  # characters of a book that are one document

Document = tuple[str, str, list[Question]]  # its name, its text, what its author asks in it


@dataclass(frozen=True)
class Asked:
    """A question as it was put, in which form, the sentences that answer it, and what each way looks at."""

    form: str
    text: str
    answers: tuple[str, ...]
    found: dict[str, list[Candidate]]  # way -> candidates, passages in their order


@dataclass(frozen=True)
class Collection:
    """Questions whose document is indexed, and questions whose document is not."""

    name: str
    inside: list[Asked]
    outside: list[Asked]


class Gathering:
    """Collections of documents, indexed in a home of their own, and the questions about them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        options.cache.mkdir(parents=True, exist_ok=True)
        self._embedder = Remembering("all-MiniLM-L6-v2", options.cache / "embeddings.npz")

    @cached_property
    def _asker(self) -> Asker:
        return Asker(self._options.data / "lexicons" / "wordnet_oewn_ccby4.tsv")

    def collection(self, name: str) -> Collection:
        """Index a collection, ask everything, and note what each way looks at."""
        o, dice = self._options, random.Random(self._options.seed)
        documents = [(title, *asked_by_author(text)) for title, text in _documents(o.data, name)]
        if len(documents) < o.documents + o.left_out:
            raise KillahError(
                f"{name} has only {len(documents)} documents.", "Lower --documents or --left-out."
            )
        dice.shuffle(documents)
        documents.sort(key=lambda document: not document[2])  # those whose authors ask something first
        documents = documents[: o.documents + o.left_out]
        dice.shuffle(documents)
        indexed, left_out = documents[: o.documents], documents[o.documents :]
        with home(o.cache / f"{name}-{o.documents}-{o.seed}") as own:
            _write(own / "documents", indexed)
            progress(f"indexing {name}")
            index([own / "documents"], name, self._embedder)
            library = Library(personas.existing(name), self._embedder)
            with Store.open(personas.existing(name)) as store:
                stored = {sentence for text, _ in store.texts() for sentence in answering.cut(text)}
            progress(f"asking about {name}")
            inside = [each for document in indexed for each in self._asked(library, document, dice, stored)]
            outside = [each for document in left_out for each in self._asked(library, document, dice)]
            self._embedder.keep()
        return Collection(name, inside, outside)

    def _asked(
        self, library: Library, document: Document, dice: random.Random, stored: set[str] | None = None
    ) -> Iterator[Asked]:
        """What is asked of a document, where an answer is among the sentences that are `stored`."""
        _, text, own = document
        ruled = [each for passage in chunks(text) for each in self._asker.ask(passage)]
        for form, questions in (("rules", ruled), (OWN, own)):
            there = [q for q in questions if stored is None or not stored.isdisjoint(q.answers)]
            for each in some(there, self._options.each, dice):
                if form == OWN:
                    yield self._put(library, OWN, each.text, each)
                else:
                    yield self._put(library, SAME, each.text, each)
                    yield self._put(library, OTHER, self._asker.say(each.text, dice), each)

    def _put(self, library: Library, form: str, text: str, question: Question) -> Asked:
        return Asked(form, text, question.answers, self._found(library, asked(text)))

    def _found(self, library: Library, text: str) -> dict[str, list[Candidate]]:
        query, most = self._embedder.encode([text])[0], 2 * EACH
        passages = {
            "full_text": library.by_words(content(text), most),
            "embeddings": library.by_meaning(query, most),
            "both": library.find(text, query),
        }
        return {way: candidates(text, query, each, self._embedder) for way, each in passages.items()}


class Remembering(Embedder):
    """Embeds every text once, in this run or an earlier one: `keep` writes the vectors to `file` (.npz)."""

    def __init__(self, name: str, file: Path) -> None:
        super().__init__(name)
        self._file = file
        self._known: dict[str, np.ndarray] = {}
        if file.exists():
            with np.load(file) as kept:
                self._known = dict(
                    zip(kept["texts"].tolist(), kept["vectors"].astype(np.float32), strict=True)
                )

    def keep(self) -> None:
        """Write all vectors, float16."""
        texts, vectors = zip(*self._known.items(), strict=True)
        np.savez(self._file, texts=np.array(texts), vectors=np.array(vectors, np.float16))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """See `Embedder.encode`."""
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        if new:
            self._known |= dict(zip(new, super().encode(new), strict=True))
        return np.stack([self._known[text] for text in texts])


def _documents(data: Path, name: str) -> list[tuple[str, str]]:
    """Name and text of every document of a collection."""
    if name in ("guides", "posts"):
        file = {"guides": "digitalgov_cc0.jsonl", "posts": "18f_blog_cc0.jsonl"}[name]
        lines = (data / "text-modern-en" / file).read_text("utf-8").splitlines()
        return [(f"{number:04}", row["text"]) for number, row in enumerate(map(json.loads, lines))]
    if name == "stories":
        folders = [data / "text-en" / author for author in sorted(HELD_OUT)]
    elif name == "russian":
        folders = sorted(path for path in (data / "text-ru").iterdir() if path.is_dir())
    else:
        raise KillahError(f"There is no collection {name!r}.", f"Known: {', '.join(REPORTED)}.")
    return [piece for folder in folders if folder.is_dir() for piece in _pieces(folder)]


def _pieces(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.glob("*.txt")):
        text = path.read_text("utf-8-sig")
        for start in range(0, len(text) - PIECE, PIECE):
            yield (
                f"{folder.name}-{path.stem}-{start // PIECE}",
                text[start : start + PIECE].partition("\n\n")[2],
            )


def _write(folder: Path, documents: list[Document]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text, _ in documents:
        path = folder / f"{name}.txt"
        if not path.exists():
            path.write_text(text, "utf-8")
