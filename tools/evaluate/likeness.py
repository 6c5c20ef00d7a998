"""How well the score "how much like you" tells a writer from others: AUC, and what each gets.

Each author of DIR is a persona of the first half of its text; texts are windows of about 100 and 300 words
from its second half, and from every other author's. Without --authors the held-out ones of DIR are taken,
where it has any; all others serve to choose by, never to report.
"""

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from killah.errors import KillahError
from killah.metrics.intervals import Estimate, bootstrap
from killah.metrics.style_distance import cosine_delta
from killah.persona import style
from killah.persona.chunks import chunks
from killah.persona.likeness import Likeness, Reading, read
from tools.evaluate.passages import authors as folders
from tools.evaluate.report import progress
from tools.pretrain.corpus import HELD_OUT
from tools.style import population

SIZES = (100, 300)  # words
RUN = 3  # neighbouring passages taken together


@dataclass(frozen=True)
class Author:
    """Styles of the persona's passages (n, WIDTH), and unseen texts, read, by their length in words."""

    name: str
    styles: np.ndarray
    texts: dict[int, list[Reading]]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where the authors are, and how much of them to take."""
    parser.add_argument("--data", type=Path, required=True, help="DIR/<author>/*.txt")
    parser.add_argument("--authors", help="these of them, with commas between")
    parser.add_argument("--passages", type=int, default=200, help="of a persona (default %(default)s)")
    parser.add_argument(
        "--texts", type=int, default=60, help="of each length and author (default %(default)s)"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """AUC with 95 % intervals over personas, and the scores of own and other texts."""
    names = _chosen(options)
    progress(f"reading {len(names)} authors")
    found = [_author(options.data / name, options.passages, options.texts) for name in names]
    result: dict[str, Any] = {"authors": len(found), "passages_each": options.passages}
    for size in SIZES:
        progress(f"texts of {size} words")
        result[f"texts_of_{size}_words"] = _figures(found, size)
    return result


def auc(own: np.ndarray, others: np.ndarray) -> float:
    """The chance that an own text scores above another's, ties counting half (Mann and Whitney 1947)."""
    ordered = np.sort(others)
    below, level = (np.searchsorted(ordered, own, side).mean() for side in ("left", "right"))
    return float(below + level) / 2 / len(others)


def _figures(authors: list[Author], size: int) -> dict[str, Any]:
    scores = {"score": _scores(authors, size), "cosine_delta": _deltas(authors, size)}
    own = [row[i] for i, row in enumerate(scores["score"])]
    others = [np.concatenate([*row[:i], *row[i + 1 :]]) for i, row in enumerate(scores["score"])]
    return {
        **{f"auc_{name}": _mean_auc(table) for name, table in scores.items()},
        "own_texts": sum(map(len, own)),
        "own_median": bootstrap([float(np.median(each)) for each in own]),
        "own_lowest_median": float(min(np.median(each) for each in own)),
        "own_highest_median": float(max(np.median(each) for each in own)),
        "others_median": bootstrap([float(np.median(each)) for each in others]),
        "own_below_50": bootstrap([float((each < 50).mean()) for each in own]),
        "others_above_50": bootstrap([float((each > 50).mean()) for each in others]),
        "auc_by_author": {
            author.name: auc(one, other) for author, one, other in zip(authors, own, others, strict=True)
        },
    }


def _mean_auc(table: list[list[np.ndarray]]) -> Estimate:
    """Mean over personas; whole personas are resampled."""
    return bootstrap([auc(row[i], np.concatenate([*row[:i], *row[i + 1 :]])) for i, row in enumerate(table)])


def _scores(authors: list[Author], size: int) -> list[list[np.ndarray]]:
    """For each persona the scores of each author's texts."""
    table = []
    for author in authors:
        likeness = Likeness.of(author.styles, np.zeros(len(author.styles), int))
        rows = [[likeness.rate(text) for text in other.texts[size]] for other in authors]
        table.append([np.array([score for score in row if score is not None], float) for row in rows])
    return table


def _deltas(authors: list[Author], size: int) -> list[list[np.ndarray]]:
    """The same by nearness in cosine delta to the mean of the persona: the simplest thing that could do."""
    styles = [np.stack([text.style for text in author.texts[size]]) for author in authors]
    means = [author.styles.mean(axis=0) for author in authors]
    return [[-cosine_delta(each, mean) for each in styles] for mean in means]


def _author(folder: Path, passages: int, texts: int) -> Author:
    text = population.read(folder)
    middle = text.find("\n\n", len(text) // 2)
    known, unseen = text[:middle], text[middle:]
    parts = [part for run in _runs(known, passages // RUN) for part in run]
    windows = {size: list(_windows(unseen, texts, size)) for size in SIZES}
    if not parts or not all(windows.values()):
        raise KillahError(f"{folder.name} has too little text.", "Some 20,000 words are enough.")
    language = style.language(text)
    styles = style.standardise(np.stack([style.measure(part) for part in parts]), language)
    return Author(folder.name, styles, windows)


def _runs(text: str, count: int) -> Iterator[list[str]]:
    """At most `count` times `RUN` neighbouring passages, at equal distances: a persona holds whole texts."""
    reach = RUN * population.WINDOW
    for start in np.linspace(0, max(0, len(text) - reach), max(1, min(count, len(text) // reach))).astype(
        int
    ):
        yield chunks(text[start : start + reach].partition("\n\n")[2])[:RUN]


def _windows(text: str, count: int, size: int) -> Iterator[Reading]:
    """At most `count` texts of `size` words from the beginnings of paragraphs, at equal distances."""
    reach = size * 15  # characters
    starts = np.linspace(0, len(text) - reach, min(count, len(text) // reach)).astype(int)
    for start in starts:
        window = text[start : start + reach].partition("\n\n")[2]
        ends = [match.end() for match in re.finditer(r"\S+", window)]
        if len(ends) >= size and (reading := read(window[: ends[size - 1]])):
            yield reading


def _chosen(options: argparse.Namespace) -> list[str]:
    there = folders(options.data)
    names: list[str] = options.authors.split(",") if options.authors else []
    if missing := set(names) - set(there):
        raise KillahError(f"{options.data} has no author {min(missing)!r}.")
    names = names or sorted(HELD_OUT.intersection(there)) or there
    if len(names) < 2:
        raise KillahError("One author has nobody to be told from.", "Give two or more folders.")
    return names
