"""Program text in plain text: fenced blocks, and runs of lines that no sentence looks like."""

import re
from collections.abc import Iterator

from killah.persona.voice.spans import Reason, Span, runs

_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})\s*([\w+#.-]{0,20})\s*")

# What one line must have to be taken for code. A semicolon or a brace alone is not enough: verse has the one
# at line ends, and stage directions the other.
_CODE = re.compile(
    r"""
    \s*\#\s*(?:include|define|ifdef|ifndef|endif|pragma)\b
    | \s*\#!/
    | \s*(?:from\s+[\w.]{1,60}\s+)?import\s+[\w.*{}, ]{1,100}(?:\s+as\s+\w{1,40})?;?\s*$
    | \s*(?:async\s+)?def\s+\w+\s*\(.*
    | \s*class\s+\w+\s*(?:\([\w., =]*\))?\s*[:{]\s*$
    | \s*(?:if|elif|for|while|switch|catch)\s*\(.*\)\s*\{?\s*$
    | \s*(?:if|elif|for|while|with|except|else|try)\b[^.!?]{0,100}(?:[=<>]=|\(\)|\w\(|\bin\s\w+).{0,60}:\s*$
    | \s*(?:else|try|finally|do)\s*[:{]\s*$
    | \s*\}?\s*else(?:\s+if\s*\(.*\))?\s*\{\s*$
    | \s*(?:public|private|protected|static|export|function|func|fn)\s+[^.!?]*[({;]\s*$
    | \s*(?:var|let|const|int|float|double|char|void|auto|bool|String)\s+[\w*&]+\s*(?:=|;|\(|\[).*
    | \s*return\b[^.!?]*;\s*$
    | \s*return\s+(?:self|None|True|False|not|[\w.]+\(|[\w.]+\[|[\w.]+\s*[-+*/]\s*[\w.]+$).*
    | \s*[\w.\[\]"'*>-]{1,60}\s*(?:[-+*/|&%]|:)?=\s*(?:[^=\s]\S*|[^=\s].*[;)\]}"'({\[,])\s*$
    | \s*[\w.:>-]{1,60}\([^()]*(?:\([^()]*\)[^()]*)*\)\s*[;{]?\s*$
    | .*(?:&&|\|\||=>|::|!=|==|\+\+;|->\w).*
    | \s*</?[a-zA-Z][\w-]*(?:\s+[\w:-]+=["'][^"']*["'])*\s*/?>.*
    | \s*<[?!][\w-].*>\s*$
    | \s*["']?[\w-]{1,40}["']?\s*:\s*(?:["'\[{].*|true|false|null|[\d.]+)\s*,?\s*[\]}]?,?\s*$
    | \s*[\w.#:\[\]-]{1,40}\s*\{\s*$
    | \s*[\w-]{1,40}:\s*[^;{}.!?]{1,60};\s*$
    | \s*(?:\$|%|>>>|\.\.\.|In\s\[\d+\]:)\s+[\w./"'(@{\[-].*
    | \s*(?:sudo|pip|npm|git|cd|ls|mkdir|curl|docker|apt-get|brew)\s+[-\w./]+(?:\s+[-\w./=:@"']+)*\s*$
    | \s*(?:SELECT\s.{1,200}\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|CREATE\s+TABLE|DELETE\s+FROM)\b.*
    | \s*Traceback\s\(most\srecent | \s*File\s".*",\sline\s\d+ | \s+at\s[\w.$<>]+\([\w.]+:\d+\)
    | \d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d.{0,30}\b(?:INFO|DEBUG|ERROR|WARN|WARNING|TRACE)\b.*
    """,
    re.VERBOSE,
)
# Lines that belong to code where code is around them.
_WITHIN = re.compile(
    r"\s*(?:[\]})]+[;,]?|[{(\[]|//.*|#.*|/\*.*|\*.*|--\s.*|\"{3}.*|@\w+.*|pass|break;?|continue;?|end|fi|done)\s*$|\s{4,}\S.*"
)
_SENTENCE = re.compile(r"[^\W\d_][\w'’,-]*(?:\s+[\w'’,«»“”\"-]+){7,}[.!?…]$")
_LEAST = 3  # lines in a row that look like code


def code(lines: list[str]) -> Iterator[Span]:
    """Fenced blocks, and runs of three lines of code and more with what belongs to them."""
    fenced = list(_fenced(lines))
    yield from fenced
    taken = {at for start, end, _ in fenced for at in range(start, end)}
    looks = [at not in taken and looks_like_code(line) for at, line in enumerate(lines)]
    belongs = [look or bool(_WITHIN.match(line)) for look, line in zip(looks, lines, strict=True)]
    for first, end in runs(lines, belongs, _LEAST):
        start = next((at for at in range(first, end) if looks[at]), end)
        size = sum(bool(line.strip()) for line in lines[start:end])
        if sum(looks[start:end]) >= max(_LEAST, size / 3):
            yield Span(start, end, Reason.CODE)


def looks_like_code(line: str) -> bool:
    """Whether one line can hardly be anything but program text, markup or a log."""
    return bool(_CODE.match(line)) and not _SENTENCE.search(line.strip())


def is_code(text: str) -> bool:
    """Whether at least half of the lines of a block that is set like code look like code."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return 2 * sum(looks_like_code(line) or bool(_WITHIN.match(line)) for line in lines) >= len(lines) > 0


def _fenced(lines: list[str]) -> Iterator[Span]:
    """Blocks between two fences; a fence that is never closed is no fence."""
    start, fence = None, ""
    for at, line in enumerate(lines):
        match = _FENCE.fullmatch(line)
        if match is None:
            continue
        if start is None:
            start, fence = at, match[1]
        elif match[1].startswith(fence) and not match[2]:
            yield Span(start, at + 1, Reason.CODE)
            start = None
