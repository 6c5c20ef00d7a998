"""Figures of the model of intents, on what it was not made from."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from killah.audio.commands import intent
from killah.audio.commands.intents import SURE
from killah.audio.commands.tables import Language
from killah.metrics.intervals import Estimate, wilson
from tools.intents.corpus import real
from tools.intents.train import Examples

WRITTEN = Path(__file__).parents[2] / "tests" / "audio" / "data"  # by hand
MOST = 5_000  # utterances of a kind


def figures(data: Path, language: Language) -> dict[str, Any]:
    """Of the shipped model: sentences written by hand, and utterances of texts that training never saw."""
    found: dict[str, Any] = {}
    for name in ("intents", "instructions"):
        rows = [json.loads(line) for line in (WRITTEN / f"{name}.jsonl").read_text("utf-8").splitlines()]
        rows = [row for row in rows if row["language"] == language]
        asked = [row for row in rows if row["name"]]
        told = [intent(row["say"], language) for row in asked]
        right = [each is not None and each.name == row["name"] for each, row in zip(told, asked, strict=True)]
        alike = [intent(row["say"], language) is not None for row in rows if not row["name"]]
        found[name] = {
            "told": wilson(sum(each is not None for each in told), len(told)),
            "told_right": wilson(sum(right), len(right)),
            "look_alikes_taken": wilson(sum(alike), len(alike)),
        }
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for example in real(data, language, held_out=True, every=4):
        kinds[example.kind].append(example.said)
    for kind, every in kinds.items():
        said = every[:: 1 + len(every) // MOST]
        taken = [each for each in said if intent(each, language)]
        found[f"{kind}_taken"] = wilson(len(taken), len(said))
    return found


def by_kind(model: tuple[list[str], np.ndarray], found: Examples) -> dict[str, Estimate]:
    """Of each kind of example, how many are taken for instructions; and of those, for the right ones."""
    names, weights = model
    scores = np.asarray(found.rows.dot(weights[:-1])) + weights[-1]
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    dictated = names.index("")
    taken = shares[:, dictated] <= 1 - SURE
    shares[:, dictated] = 0
    right = taken & (np.array(names)[shares.argmax(axis=1)] == found.asked)
    kinds = np.array([example.kind for example in found.examples])
    result: dict[str, Estimate] = {}
    for kind in sorted(set(kinds.tolist())):
        here = kinds == kind
        result[f"{kind}_taken"] = wilson(int(taken[here].sum()), int(here.sum()))
        if kind == "instructions":
            result[f"{kind}_right"] = wilson(int(right[here].sum()), int(here.sum()))
    return result
