"""Whose passage is it? One nearest neighbour among authors, by the persona's vector alone."""

import argparse
from typing import Any

import numpy as np

from killah.metrics.intervals import bootstrap, bootstrap_paired
from killah.persona import style
from killah.persona.attention import persona_vector
from killah.persona.chunks import chunks
from tools.adapters.embedded import Texts
from tools.evaluate.passages import authors
from tools.evaluate.report import progress
from tools.evaluate.writers import Gathering, divided
from tools.pretrain.corpus import HELD_OUT

AUTHORS = 40
KNOWN, ASKED = 40, 20  # passages of an author in the gallery, and asked for
RUN = 5  # passages in a row that are asked together
PARTS = ("meaning", "style", "both")


def authorship(gathering: Gathering, options: argparse.Namespace) -> dict[str, Any]:
    """Share of unseen passages whose nearest author is their own, with and without the style part.

    The gallery is a persona's vector of each author; a passage's own is that of the passage alone, or of
    `RUN` in a row. Vectors are set from the gallery's mean, each part to the same length, and compared by
    cosine.
    """
    names = _chosen(gathering, options)
    texts = Texts()
    known, asked = [], []
    for name in names:
        first, second = (chunks(part) for part in divided(options.data / name))
        known.append([texts.add(text) for text in _even(first, KNOWN)])
        runs = [second[i : i + RUN] for i in range(0, len(second) - RUN, RUN)]
        asked.append([[texts.add(text) for text in run] for run in _even(runs, ASKED // RUN)])
    progress(f"embedding {len(texts.number):,} texts (those of an earlier run are kept)")
    vectors = texts.embedded(options.cache)
    styles = np.stack([style.vector(text) for text in texts.number])

    def persona(rows: list[int]) -> np.ndarray:
        return persona_vector(None, vectors[rows], styles[rows])

    gallery = np.stack([persona(rows) for rows in known])
    result: dict[str, Any] = {"authors": len(names), "chance": 1 / len(names)}
    for label, length in (("one_passage", 1), (f"{RUN}_passages", RUN)):
        queries, owners = [], []
        for number, runs in enumerate(asked):
            for run in runs:
                for first in range(0, RUN, length):
                    queries.append(persona(run[first : first + length]))
                    owners.append(number)
        right = {
            part: _right(gallery, np.stack(queries), np.array(owners), vectors.shape[1], part)
            for part in PARTS
        }
        figures: dict[str, Any] = {part: bootstrap(right[part], seed=options.seed) for part in PARTS}
        figures["both_over_meaning"] = bootstrap_paired(right["both"], right["meaning"], seed=options.seed)
        result[label] = figures
    return result


def _chosen(gathering: Gathering, options: argparse.Namespace) -> list[str]:
    """The authors of the evaluation, then others of the folder, at most `AUTHORS`."""
    rest = [name for name in authors(options.data) if name not in {*gathering.names, *HELD_OUT}]
    return [*gathering.names, *_even(rest, max(0, AUTHORS - len(gathering.names)))]


def _even(items: list[Any], count: int) -> list[Any]:
    """`count` of the items at equal distances."""
    step = max(1.0, len(items) / max(count, 1))
    return [items[int(i * step)] for i in range(min(count, len(items)))]


def _right(
    gallery: np.ndarray, queries: np.ndarray, owners: np.ndarray, meaning: int, part: str
) -> np.ndarray:
    """1 where a query's nearest author is its owner, (queries,) float."""
    blocks = {"meaning": [slice(0, meaning)], "style": [slice(meaning, None)]}
    blocks["both"] = blocks["meaning"] + blocks["style"]
    scores = np.zeros((len(queries), len(gallery)))
    for block in blocks[part]:
        known, asked = gallery[:, block], queries[:, block]
        centre = known.mean(axis=0)
        scores += _unit(asked - centre) @ _unit(known - centre).T
    return (scores.argmax(axis=1) == owners).astype(float)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
