"""Rewriting a text by an instruction: what is asked for, piece by piece, and how the pieces join again."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from killah.engine.prompt import Prompt, Slot, SoftToken, head
from killah.errors import KillahError
from killah.gemma.instructions import instructed
from killah.gemma.tokenizer import Tokenizer
from killah.persona.sentences import sentences

PIECE = 280  # characters of a rephrasing at a time, whole sentences: what the adapter was trained on
FAITHFUL = {"rephrase": 0.5, "summarise": 0.5}  # temperatures of tasks that are to keep to the text
_VERBS = {"story": "tell a story of"}  # where it is not the task's name

# A line break that only keeps lines short: a long line before it, and no list, heading or indent after it.
_WRAP = re.compile(r"(?<=[^\n]{45})[ \t]*\n(?=[^\s#>*+|\-\d])")


@dataclass(frozen=True)
class Part:
    """A piece of text, and whether it is to be rewritten or stays as it is (blank lines, indents)."""

    text: str
    rewritten: bool


def instruction(task: str, style: str) -> str:
    """As the adapters were trained: `rephrase: plain`, `summarise`."""
    return f"{task}: {style}" if style else task


def check_style(task: str, style: str, known: list[str]) -> None:
    """Raise `KillahError` unless the task's adapter knows the style."""
    if style and style not in known:
        hint = f"Known: {', '.join(known)}." if known else "It knows none."
        raise KillahError(f"{task} has no style {style!r}.", hint)


def parts(task: str, text: str) -> list[Part]:
    """The pieces of a task. Only a rephrasing keeps the order of the text, so only that is cut."""
    if task != "rephrase":
        return [Part(text.strip(), True)]
    found = []
    for line in re.split(r"(\n+)", _WRAP.sub(" ", text)):
        if not line.strip():
            found.append(Part(line, False))
            continue
        indent, tail = line[: len(line) - len(line.lstrip())], line[len(line.rstrip()) :]
        groups = list(_groups(sentences(line.strip())))
        joined = [Part(g, True) if i % 2 == 0 else Part(" ", False) for g in groups for i in range(2)][:-1]
        found += [Part(indent, False), *joined, Part(tail, False)]
    return [part for part in found if part.text]


def _groups(each: list[str]) -> Iterator[str]:
    """Consecutive sentences, together at most `PIECE` characters where that is possible."""
    total = 0
    marks = []
    for sentence in each:
        total += len(sentence) + 1
        marks.append(total // PIECE)
    for _, group in groupby(zip(marks, each, strict=True), key=lambda pair: pair[0]):
        yield " ".join(sentence for _, sentence in group)


def longest(task: str, text: str, tokenizer: Tokenizer, max_tokens: int) -> int:
    """Tokens an answer may have: a rephrasing that gets much longer than its text is going in circles."""
    return min(max_tokens, 8 + 3 * len(tokenizer.encode(text)) // 2) if task == "rephrase" else max_tokens


def build(
    tokenizer: Tokenizer,
    task: str,
    style: str,
    text: str,
    room: int,
    persona: Sequence[SoftToken] = (),
    codes: Sequence[Slot] = (),
) -> Prompt:
    """The prompt for one piece. Raises `KillahError` where it does not fit in `room` tokens."""
    ids = instructed(tokenizer, instruction(task, style), text)
    slots: list[Slot] = [*head(tokenizer, room, persona=persona, codes=codes), *ids]
    if len(slots) > room:
        raise KillahError(
            f"The text is too long to {_VERBS.get(task, task)} at once: {len(slots):,} tokens of {room:,}.",
            "Give a shorter part, or raise the setting context.",
        )
    return Prompt(slots, b"")
