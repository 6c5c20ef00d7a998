"""Spoken numbers: "twenty five", "двадцать пять" and "25" are 25."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Found(NamedTuple):
    """A number in a row of words: `words[start:end]` say `value`."""

    start: int
    end: int
    value: int


def find(words: Sequence[str], values: Mapping[str, int]) -> Found | None:
    """The first number in `words`; `values` are the number words of a language, each with its value."""
    for start, word in enumerate(words):
        if _value(word, values) is not None:
            end = start + 1
            while end < len(words) and _value(words[end], values) is not None:
                end += 1
            total = _sum([value for each in words[start:end] if (value := _value(each, values)) is not None])
            return None if total is None else Found(start, end, total)
    return None


def _value(word: str, values: Mapping[str, int]) -> int | None:
    return int(word) if word.isdecimal() and len(word) < 5 else values.get(word)


def _sum(parts: Sequence[int]) -> int | None:
    """Parts that fall ("two hundred" multiplies first); None for what is no number, as "five two"."""
    total, least = 0, 10_000
    for part in parts:
        if part == 100 and 0 < total < 10:
            total, least = 100 * total, 100
            continue
        if part >= least:
            return None
        total += part
        least = _magnitude(part)
    return total


def _magnitude(part: int) -> int:
    """What must be less than: after 20 units may come, after 100 tens, after units and teens nothing."""
    if part >= 100:
        return 100
    return 10 if part >= 20 and part % 10 == 0 else 1
