"""Sentences of a draft beside those of its edit: a monotone alignment by shared words.

The classical dynamic programme of sentence alignment (Gale and Church 1993, "A Program for Aligning
Sentences in Bilingual Corpora"), with ROUGE-1 F1 in the place of lengths since both sides are English.
"""

import re
from collections import Counter
from collections.abc import Iterator

from .cutting import sentence_ends

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_MOVES = ((1, 1), (1, 2), (2, 1), (2, 2), (1, 0), (0, 1))  # sentences taken from each side
_LEAST = 0.3  # F1 below which two groups of sentences are not versions of each other


def counted(text: str) -> Counter[str]:
    """How often each word occurs, without case."""
    return Counter(_WORD.findall(text.lower().replace("’", "'")))


def rouge_1(one: Counter[str], other: Counter[str]) -> float:
    """ROUGE-1 F1: 2 m / (|one| + |other|), m words in common with their counts.

    Source: Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries", for n = 1.
    """
    return 2 * (one & other).total() / max(1, one.total() + other.total())


def split_sentences(paragraph: str) -> list[str]:
    """Sentences; what follows the last full stop is one too."""
    ends = sentence_ends(paragraph)
    parts = [paragraph[a:b].strip() for a, b in zip([0, *ends], [*ends, len(paragraph)], strict=True)]
    return [part for part in parts if part]


def aligned(draft: str, edit: str) -> Iterator[tuple[str, str]]:
    """Groups of one or two sentences of `draft` with those they became in `edit`, in order."""
    left, right = split_sentences(draft), split_sentences(edit)
    best: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {(0, 0): (0.0, (0, 0))}
    for i in range(len(left) + 1):
        for j in range(len(right) + 1):
            for di, dj in _MOVES:
                if (i - di, j - dj) not in best:
                    continue
                gain = _gain(left[i - di : i], right[j - dj : j])
                score = best[i - di, j - dj][0] + gain
                if score > best.get((i, j), (-1.0, (0, 0)))[0]:
                    best[i, j] = score, (di, dj)
    yield from reversed(list(_traced(best, left, right)))


def _gain(one: list[str], other: list[str]) -> float:
    """Words in common times F1, so that a sentence with no counterpart is joined to no neighbour."""
    left, right = counted(" ".join(one)), counted(" ".join(other))
    score = rouge_1(left, right)
    return score * (left & right).total() if score > _LEAST else 0.0


def _traced(
    best: dict[tuple[int, int], tuple[float, tuple[int, int]]], left: list[str], right: list[str]
) -> Iterator[tuple[str, str]]:
    i, j = len(left), len(right)
    while (i, j) != (0, 0):
        di, dj = best[i, j][1]
        if di and dj and _gain(left[i - di : i], right[j - dj : j]):
            yield " ".join(left[i - di : i]), " ".join(right[j - dj : j])
        i, j = i - di, j - dj
