"""The words the rules of this package share: why something is left out, and which lines that is."""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """Why words are not the owner's voice, as a report says it."""

    QUOTED = "quoted replies"
    FORWARDED = "forwarded messages"
    SIGNATURES = "signatures"
    DISCLAIMERS = "disclaimers"
    LICENCE = "licence text"
    CODE = "code"
    TABLES = "tables"
    CONTENTS = "tables of contents"
    REFERENCES = "references"
    QUOTATIONS = "quotations"
    FURNITURE = "page furniture"
    OTHERS = "mail of others"


class Span(NamedTuple):
    """Lines `start` to `end` (exclusive) of a text, and why they are left out."""

    start: int
    end: int
    reason: Reason


def blocks(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Start and end of each run of lines without a blank one."""
    start = None
    for at, line in enumerate(lines):
        if line.strip():
            start = at if start is None else start
        elif start is not None:
            yield start, at
            start = None
    if start is not None:
        yield start, len(lines)


def runs(lines: Sequence[str], marked: Iterable[bool], least: int) -> Iterator[tuple[int, int]]:
    """Start and end of each run of at least `least` marked lines; blank lines between them belong to it."""
    start, end, count = 0, 0, 0
    for at, (line, mark) in enumerate(zip(lines, marked, strict=True)):
        if mark:
            start, end, count = (at if not count else start), at + 1, count + 1
        elif line.strip():
            if count >= least:
                yield start, end
            count = 0
    if count >= least:
        yield start, end


def next_line(lines: Sequence[str], at: int) -> int:
    """The first line from `at` on that is not blank, or the end."""
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at


_NUMBER = re.compile(r"[-+−~≈$€£₽]?\d[\d\s.,:/%\-–]*[%$€£₽°]?")


def is_number(text: str) -> bool:
    """Whether `text` is a number, an amount, a date or a range of pages."""
    return bool(_NUMBER.fullmatch(text.strip()))
