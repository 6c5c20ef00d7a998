"""Lines back into paragraphs: in hard-wrapped text and in PDF a line ends where the page does."""

import re
from itertools import pairwise
from statistics import median

_SENTENCE_END = re.compile(r"[.!?…:;][\"'”’»)\]]*$")
_CUT_WORD = re.compile(r"[^\W\d_]{1,40}$")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_FIRST_WORD = re.compile(r"[^\W\d_]+")


def unwrap(text: str) -> str:
    """Join the lines of hard-wrapped prose; verse, lists and one-line paragraphs stay as they are."""
    lengths = [len(line) for line in text.split("\n") if line.strip()]
    if len(lengths) < 3 or not 40 <= median(lengths) <= 100 or max(lengths) > 140:
        return text
    blocks = re.split(r"\n\s*\n", text)
    return "\n\n".join(_join_block(block, 0.7 * median(lengths)) for block in blocks)


def _join_block(block: str, full: float) -> str:
    """One paragraph: a line runs on into the next where it is nearly as long as lines are."""
    lines = [line.strip() for line in block.split("\n")]
    joined = lines[0]
    for before, line in pairwise(lines):
        joined += (" " if len(before) >= full else "\n") + line
    return joined


def join_lines(lines: list[str]) -> str:
    """Paragraphs of pages set in lines, with no blank lines to go by: words cut at a line's end are joined,
    a paragraph ends at a line that ends a sentence and is clearly shorter than lines are.
    """
    lines = [line.strip() for line in lines]
    widths = sorted(map(len, lines))
    full = 0.85 * widths[int(0.9 * (len(widths) - 1))] if widths else 0
    known = {word.lower() for line in lines for word in _WORD.findall(line)}
    paragraphs: list[list[str]] = []
    ended = True
    for line, following in pairwise([*lines, ""]):
        if line and ended:
            paragraphs.append([line])
        elif line:
            paragraphs[-1][-1:] = _run_on(paragraphs[-1][-1], line, known)
        ended = not line or _ends(line, following, full) or (ended and _heads(line, following, full))
    return "\n\n".join("".join(parts) for parts in paragraphs)


def _ends(line: str, following: str, full: float) -> bool:
    """Whether a paragraph ends here: a sentence does, early in the line or before somebody speaks."""
    return bool(_SENTENCE_END.search(line)) and (len(line) < full or following[:1] in tuple('“«"'))


def _heads(line: str, following: str, full: float) -> bool:
    """Whether a first line is a heading: far from full, and what follows begins anew."""
    return len(line) < 0.6 * full and following[:1].lower() != following[:1]


def _run_on(before: str, line: str, known: set[str]) -> list[str]:
    """What stands for `before` once `line` follows it. A hyphen at the end of `before` stays only where the
    document hyphenates that word elsewhere too, or where no rest of a word follows.
    """
    cut = _CUT_WORD.search(before[-41:-1]) if before.endswith("-") else None
    rest = _FIRST_WORD.match(line)
    if cut is None:
        return [before, " ", line]
    if rest is None or not rest[0].islower() or f"{cut[0]}-{rest[0]}".lower() in known:
        return [before, line]
    return [before[:-1], line]
