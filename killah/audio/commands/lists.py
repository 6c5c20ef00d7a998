"""Sentences as a list, by rule: each on a line of its own, behind a dash or its number."""

import re

from killah.audio.commands.ranges import UNITS

_ITEM = re.compile(r"(?:[-*•]|\d+[.)])\s+")


def as_list(text: str, *, numbered: bool = False) -> str:
    """Every sentence as an item, in Markdown's form; items of a list that it is already stay items."""
    items: list[str] = []
    for line in text.splitlines():
        said = _ITEM.sub("", line.strip(), count=1)
        found = [*UNITS["sentence"](said, len(said))][::-1]
        items += [said[start:end] for start, end in found]
    return "\n".join(f"{number}. {item}" if numbered else f"- {item}" for number, item in enumerate(items, 1))
