"""Are questions about the owner's documents answered with the right sentence, and others not answered?

Documents of a collection are indexed as `killah index` does it, but for some that are left out. Questions are
made of sentences of both by rule (`questions.py`), in the words of the document and in other words. Of the
indexed ones it is counted how often the right sentence, or its passage, is first or among the first three,
and how often it is said; of those left out how often anything is said: a false answer. Full-text search and
embeddings alone stand beside it, each with a threshold of its own.

`guides` serve to choose by, with --fit the weights too; `posts`, `stories` and `russian` are reported.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from killah.engine.talking import answering
from killah.engine.talking.answering import Candidate
from killah.engine.talking.lookup import Found
from killah.metrics.calibration import regression, sigmoid
from killah.metrics.intervals import Estimate, bootstrap_paired, wilson
from tools.evaluate.asking import CHOOSING, OTHER, OWN, REPORTED, SAME, Asked, Collection, Gathering

FEWEST = 15  # questions of a form that are worth a figure
RIDGE = 1.0  # of the fit, on standardised features

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
    intercept, weights = regression(features, right, RIDGE)
    limit = threshold(collection, "both", false, lambda c: float(sigmoid(intercept + c.features @ weights)))
    names = dict(zip(answering.FEATURES, (round(float(each), 2) for each in weights), strict=True))
    return {
        "examples": len(rows),
        "intercept": round(intercept, 2),
        "weights": names,
        "threshold": round(limit, 3),
    }
