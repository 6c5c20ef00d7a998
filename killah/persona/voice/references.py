"""Lists of literature: below their heading, or numbered entries that can be nothing else."""

import re
from collections.abc import Iterator

from killah.persona.voice.spans import Reason, Span, blocks

_HEADING = re.compile(
    r"[\s#*_\d.]*(?:references(?: and notes| cited)?|bibliography|works cited|literature(?: cited)?|sources"
    r"|further reading"
    r"|(?:список )?(?:использованн\w+ )?литератур[аы]|библиографи(?:я|ческий список)"
    r"|(?:список )?(?:использованны[ех] )?источник(?:и|ов))[\s#*_.:]*",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\s*(?:\[[\w+-]{1,12}\]|\(\d{1,3}\)|\d{1,3}[.)])\s+\S")
_AUTHOR = re.compile(
    r"\s*(?:[-*•]\s+)?[^\W\d_][\w'’-]{1,30},?\s+(?:[^\W\d_]\.|(?:and|et|и)\b|[^\W\d_][\w'’-]+,\s)"
)
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d[a-z]?\b")
_PUBLISHED = re.compile(
    r"\bdoi\b|https?://|arXiv|\bURL\b|\bISBN\b|\bvol\.|\bpp?\.\s?\d|\beds?\.|\bpress\b|\bpublish|\bproceedings\b"
    r"|\bin proc\.|\bjournal of\b|\bretrieved\b|\d\s?\(\d{1,3}\)|:\s?\d{1,5}\s?[-–—]\s?\d{1,5}\b"
    r"|[—–-]\s?[СсCcТтT]\.\s?\d|\s//\s|изд(?:-во|\.)|[—–-]\s?(?:М|Л|СПб)\.",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_LONGEST = 500  # characters of an entry
_LEAST = 3  # entries, or a heading and two


def references(lines: list[str]) -> Iterator[Span]:
    """A heading with two entries below it at least, or three entries in a row with all the marks."""
    entries = [entry for start, end in blocks(lines) for entry in _entries(lines, start, end)]
    run: list[tuple[int, int]] = []
    headed = False
    for start, end, text in [*entries, (len(lines), len(lines), "")]:
        if _HEADING.fullmatch(text):
            yield from _span(run)
            run, headed = [(start, end)], True
        elif _is_entry(text, headed):
            run.append((start, end))
        else:
            yield from _span(run)
            run, headed = [], False


def _span(run: list[tuple[int, int]]) -> Iterator[Span]:
    if len(run) >= _LEAST:
        yield Span(run[0][0], run[-1][1], Reason.REFERENCES)


def _entries(lines: list[str], start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """A block as a heading and entries, which begin at their numbers or else at an author's name."""
    if start + 1 == end:
        yield start, end, lines[start].strip()
        return
    numbered = sum(bool(_NUMBERED.match(line)) for line in lines[start:end]) > 1
    opens = _NUMBERED if numbered else _AUTHOR
    first = start
    for at in range(start + 1, end + 1):
        begins = at < end and (opens.match(lines[at]) or _HEADING.fullmatch(lines[first]))
        if at == end or begins:
            yield first, at, " ".join(line.strip() for line in lines[first:at])[: _LONGEST + 1]
            first = at


def _is_entry(text: str, headed: bool) -> bool:
    """Whether a paragraph cites one work. Below a heading less is asked of it."""
    if len(text) > _LONGEST or not _DIGIT.search(text):
        return False
    marks = bool(_YEAR.search(text)) + bool(_PUBLISHED.search(text))
    named = bool(_NUMBERED.match(text)) + bool(_AUTHOR.match(text))
    return marks + named >= 2 and marks > 0 if headed else marks == 2 and named > 0
