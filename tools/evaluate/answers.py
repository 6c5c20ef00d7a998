"""Are questions about the owner's documents answered with the right sentence, and others not answered?

Documents of a collection are indexed as `killah index` does it, but for some that are left out. Questions are
made of sentences of both by rule (`questions.py`), in the words of the document and in other words. Of the
indexed ones it is counted how often the right sentence, or its passage, is first or among the first three,
and how often it is said; of those left out how often anything is said: a false answer. Full-text search and
embeddings alone stand beside it, each with a threshold of its own.

`guides` serve to choose by, with --fit the weights too; `posts`, `stories` and `russian` are reported.
"""

import argparse
import json
import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from killah.engine.talking import answering
from killah.engine.talking.answering import Candidate, candidates
from killah.engine.talking.lookup import EACH, Found, Library
from killah.engine.talking.words import asked, content
from killah.errors import KillahError
from killah.metrics.calibration import sigmoid
from killah.metrics.intervals import Estimate, bootstrap_paired, wilson
from killah.persona import personas
from killah.persona.chunks import chunks
from killah.persona.embedding import Embedder
from killah.persona.indexing import index
from killah.persona.store import Store
from tools.evaluate.questions import Asker, Question, asked_by_author, some
from tools.evaluate.report import progress
from tools.pretrain.corpus import HELD_OUT

CHOOSING, REPORTED = "guides", ("posts", "stories", "russian")
SAME, OTHER, OWN = "in_its_words", "in_other_words", "as_authors_ask"  # forms of questions
FEWEST = 15  # questions of a form that are worth a figure
PIECE = 6_000  # characters of a book that are one document
RIDGE = 1.0  # of the fit, on standardised features


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


Document = tuple[str, str, list[Question]]  # its name, its text, what its author asks in it
Score = Callable[[Candidate], float]


def _by_words(candidate: Candidate) -> float:
    return float(candidate.features[answering.FEATURES.index("words")])


def _by_meaning(candidate: Candidate) -> float:
    return float(candidate.features[answering.FEATURES.index("meaning")])


def _by_both(candidate: Candidate) -> float:
    return candidate.score


WAYS: dict[str, Score] = {"full_text": _by_words, "embeddings": _by_meaning, "both": _by_both}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where documents are, how many of them, and what is a tolerable share of false answers."""
    parser.add_argument("--data", type=Path, default=Path(".data"))
    parser.add_argument(
        "--cache", type=Path, default=Path(".data/evaluation/answers"), help="keeps the indexes"
    )
    parser.add_argument("--only", type=lambda names: names.split(","), default=list(REPORTED))
    parser.add_argument("--documents", type=int, default=48, help="indexed, of a collection (default 48)")
    parser.add_argument("--left-out", type=int, default=32, help="documents (default 32)")
    parser.add_argument("--each", type=int, default=2, help="questions of a document, at most (default 2)")
    parser.add_argument(
        "--false", type=float, default=0.02, help="share of false answers chosen for (default 0.02)"
    )
    parser.add_argument(
        "--fit", action="store_true", help="fit weights and say what to write into answering.py"
    )
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Recall, answers and false answers with 95 % intervals, for each way."""
    gathering = Gathering(options)
    tuning = gathering.collection(CHOOSING)
    if options.fit:
        return _fitted(tuning, options.false)
    thresholds = {way: threshold(tuning, way, options.false) for way in WAYS}
    result: dict[str, Any] = {"thresholds": thresholds, "threshold_in_use": answering.THRESHOLD}
    thresholds = thresholds | {"both": answering.THRESHOLD}
    for name in (CHOOSING, *options.only):
        found = tuning if name == CHOOSING else gathering.collection(name)
        result[f"{name}_chosen_on" if name == CHOOSING else name] = _figures(found, thresholds)
    return result


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
        with _home(o.cache / f"{name}-{o.documents}-{o.seed}") as home:
            _write(home / "documents", indexed)
            progress(f"indexing {name}")
            index([home / "documents"], name, self._embedder)
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


def answers(asked: Asked, way: str, score: Score | None = None) -> list[tuple[float, Candidate]]:
    """The best sentence of each passage with its score, best first; of equal ones the better passage's."""
    best: dict[Found, tuple[float, Candidate]] = {}
    for each in asked.found[way]:
        value = (score or WAYS[way])(each)
        if each.found not in best or value > best[each.found][0]:
            best[each.found] = (value, each)
    return sorted(best.values(), key=lambda pair: -pair[0])


def threshold(collection: Collection, way: str, false: float, score: Score | None = None) -> float:
    """The lowest score from which on at most a share `false` of the outside questions is answered."""
    highest = sorted(
        (top[0][0] if (top := answers(each, way, score)) else 0.0) for each in collection.outside
    )
    return float(np.quantile(highest, 1 - false))


def _figures(collection: Collection, thresholds: dict[str, float]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "questions": len(collection.inside), "questions_of_left_out_documents": len(collection.outside)
    }  # fmt: skip
    for form in (SAME, OTHER, OWN):
        inside, outside = (
            [each for each in g if each.form == form] for g in (collection.inside, collection.outside)
        )
        if min(len(inside), len(outside)) < FEWEST:
            continue
        result[form] = {way: _measured(inside, outside, way, thresholds[way]) for way in WAYS}
        for other in ("full_text", "embeddings"):
            pairs = [[_right(each, way, 1) for each in inside] for way in ("both", other)]
            result[form][f"recall_at_1_above_{other}"] = bootstrap_paired(*pairs)
    return result


def _measured(inside: list[Asked], outside: list[Asked], way: str, limit: float) -> dict[str, Estimate]:
    said = [_said(each, way, limit) for each in inside]
    right = [_right(each, way, 1) for each in inside]
    return {
        "recall_at_1": _share(right),
        "recall_at_3": _share([_right(each, way, 3) for each in inside]),
        "passage_recall_at_1": _share([_right(each, way, 1, passage=True) for each in inside]),
        "passage_recall_at_3": _share([_right(each, way, 3, passage=True) for each in inside]),
        "answered_rightly": _share([a and b for a, b in zip(said, right, strict=True)]),
        "answered_with_another_sentence": _share([a and not b for a, b in zip(said, right, strict=True)]),
        "false_answers": _share([_said(each, way, limit) for each in outside]),
    }


def _said(asked: Asked, way: str, limit: float) -> bool:
    top = answers(asked, way)
    return bool(top) and top[0][0] >= limit


def _right(asked: Asked, way: str, most: int, *, passage: bool = False) -> bool:
    top = [candidate for _, candidate in answers(asked, way)[:most]]
    if passage:
        return any(answer in answering.cut(each.found.text) for each in top for answer in asked.answers)
    return any(each.sentence in asked.answers for each in top)


def _share(values: Sequence[bool]) -> Estimate:
    return wilson(sum(values), len(values))


def _fitted(collection: Collection, false: float) -> dict[str, Any]:
    """Weights of the features by logistic regression on every candidate, and the threshold with them."""
    rows = [
        (candidate.features, known and candidate.sentence in each.answers)
        for known, group in ((True, collection.inside), (False, collection.outside))
        for each in group
        for candidate in each.found["both"]
    ]
    features, right = np.stack([row for row, _ in rows]), np.array([label for _, label in rows], float)
    intercept, weights = regression(features, right)
    limit = threshold(collection, "both", false, lambda c: float(sigmoid(intercept + c.features @ weights)))
    names = dict(zip(answering.FEATURES, (round(float(each), 2) for each in weights), strict=True))
    return {
        "examples": len(rows),
        "intercept": round(intercept, 2),
        "weights": names,
        "threshold": round(limit, 3),
    }


def regression(features: np.ndarray, right: np.ndarray) -> tuple[float, np.ndarray]:
    """Intercept and weights (d,) of P(right) for `features` (n, d): logistic, ridge, by Newton's method."""
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale == 0] = 1.0
    design = np.column_stack([np.ones(len(features)), (features - mean) / scale])
    penalty = RIDGE * np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    fitted = np.zeros(design.shape[1])
    for _ in range(30):
        p = sigmoid(design @ fitted)
        curvature = (design * (p * (1 - p))[:, None]).T @ design + penalty
        fitted -= np.linalg.solve(curvature, design.T @ (p - right) + penalty @ fitted)
    weights = fitted[1:] / scale
    return float(fitted[0] - mean @ weights), weights


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


@contextmanager
def _home(folder: Path) -> Iterator[Path]:
    """A home that is not the user's."""
    before = os.environ.get("KILLAH_HOME")
    os.environ["KILLAH_HOME"] = str(folder.resolve())
    try:
        yield folder.resolve()
    finally:
        if before is None:
            del os.environ["KILLAH_HOME"]
        else:
            os.environ["KILLAH_HOME"] = before
