"""Marks and capitals of a text, word by word, and how many of them another text of the same words has.

F1 of a kind of mark is 2 TP / (2 TP + FP + FN) over the places behind words (Tilk and Alumäe 2016 count
so); a capital is one at the beginning of a word.
"""

import re
from dataclasses import dataclass

MARKS = ",.?!;:"
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


@dataclass(frozen=True)
class Counts:
    """What two texts have in common, and what only one of them has; twice `both` over `all` is F1."""

    both: int
    all: int


def marks(text: str) -> tuple[list[str], list[bool], list[str]]:
    """Words in lower case, which begin with a capital, and the mark right behind each, "" for none."""
    found = list(_WORD.finditer(text))
    behind = [text[match.end() : match.end() + 1] for match in found]
    return (
        [match[0].lower() for match in found],
        [match[0][0].isupper() for match in found],
        [mark if mark and mark in MARKS else "" for mark in behind],
    )


def compared(reference: str, hypothesis: str) -> dict[str, Counts]:
    """Counts for each mark, for `all` of them and for `capitals`. Raises `ValueError` for other words."""
    words, capitals, behind = marks(reference)
    others, theirs, guessed = marks(hypothesis)
    if words != others:
        raise ValueError(f"not the same words: {reference!r} and {hypothesis!r}")
    pairs = list(zip(behind, guessed, strict=True))
    result = {mark: _counts([(a == mark, b == mark) for a, b in pairs]) for mark in MARKS}
    result["all"] = Counts(sum(c.both for c in result.values()), sum(c.all for c in result.values()))
    return result | {"capitals": _counts(list(zip(capitals, theirs, strict=True)))}


def _counts(pairs: list[tuple[bool, bool]]) -> Counts:
    both = sum(a and b for a, b in pairs)
    return Counts(both, sum(a + b for a, b in pairs))
