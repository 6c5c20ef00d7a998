"""What changed between two texts, word by word. Pure text: whoever shows it chooses the colours."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise, takewhile
from typing import Literal

Kind = Literal["same", "old", "new", "rest"]

# Chinese and Japanese have no spaces between words: there a character is a word.
LETTER = r"(?:[^\W\u3040-\u30ff\u3400-\u9fff]|[\u0300-\u036f])"
WORD = rf"{LETTER}+(?:['’‑-]{LETTER}+)*|\w|[^\w\s]+"
TOKEN = re.compile(rf"({WORD}|(?=\s))(\s*)")  # a word, if only an empty one, and the space after it
LONG = 1000  # words of a line, from which on common ones (the, of) are no anchors: it would take seconds


@dataclass(frozen=True)
class Span:
    """Text that is in both, only in the old, only in the new, or in the old where the new has yet to come."""

    kind: Kind
    text: str


@dataclass
class _Block:
    """Old text and what stands in its place; equal, or different from beginning to end."""

    same: bool
    old: str
    new: str


def difference(old: str, new: str, *, partial: bool = False) -> list[Span]:
    """How `new` differs from `old`, in reading order, the old words before the new ones.

    The spans of the old text ("same", "old", "rest") joined are `old`; those of the new one ("same",
    "new") joined are `new`. `partial`: `new` is still being written, so what follows in `old` is "rest".
    """
    pairs = _lines(old, new, partial)
    changes = _joined(block for pair in pairs for block in _blocks(*pair))
    blocks = _fold(_joined(part for block in changes for part in _trimmed(block)))
    spans: list[Span] = []
    for number, block in enumerate(blocks, 1):
        if block.same:
            spans.append(Span("same", block.old))
        elif partial and number == len(blocks):
            spans += [Span("new", block.new), Span("rest", block.old)]
        else:
            spans += [Span("old", block.old), Span("new", block.new)]
    return [span for span in spans if span.text]


def readable(spans: list[Span]) -> Iterator[Span]:
    """The spans as they are shown: an old word and the new one in its place do not touch."""
    for left, right in pairwise(spans):
        yield left
        both_changed = "same" not in (left.kind, right.kind)
        if both_changed and not left.text[-1].isspace() and right.text[0].isalnum():
            yield Span("same", " ")
    yield from spans[-1:]


def _lines(old: str, new: str, partial: bool) -> list[tuple[str, str]]:
    """What to compare with what: line by line where they have as many lines, or else all at once."""
    olds, news = old.splitlines(keepends=True), new.splitlines(keepends=True)
    if len(olds) < len(news) or (len(olds) > len(news) and not partial):
        return [(old, new)]
    return [*zip(olds, news, strict=False), ("".join(olds[len(news) :]), "")]


def _blocks(old: str, new: str) -> Iterator[_Block]:
    """Words are compared, and then the spaces after equal ones."""
    olds, news = TOKEN.findall(old), TOKEN.findall(new)
    words = [[word for word, _ in tokens] for tokens in (olds, news)]
    matcher = SequenceMatcher(None, *words, autojunk=len(news) > LONG)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            for (word, space), (_, other) in zip(olds[a:b], news[c:d], strict=True):
                yield _Block(True, word, word)
                yield _Block(space == other, space, other)
        else:
            yield _Block(False, "".join(map("".join, olds[a:b])), "".join(map("".join, news[c:d])))


def _joined(blocks: Iterable[_Block]) -> list[_Block]:
    """Without empty blocks, and one where several of a kind follow each other."""
    joined: list[_Block] = []
    for block in blocks:
        if joined and joined[-1].same == block.same:
            joined[-1] = _Block(block.same, joined[-1].old + block.old, joined[-1].new + block.new)
        elif block.old or block.new:
            joined.append(block)
    return joined


def _trimmed(block: _Block) -> list[_Block]:
    """A change, and the space both have after it."""
    endings = zip(reversed(block.old), reversed(block.new), strict=False)
    space = len(list(takewhile(lambda ends: ends[0] == ends[1] and ends[0].isspace(), endings)))
    if block.same or not space:
        return [block]
    return [
        _Block(False, block.old[:-space], block.new[:-space]),
        _Block(True, block.old[-space:], block.new[-space:]),
    ]


def _fold(blocks: list[_Block]) -> list[_Block]:
    """Without equal blocks of spaces and commas between changes: phrase after phrase is easier to read."""
    folded: list[_Block] = []
    for number, block in enumerate(blocks):
        between = 0 < number < len(blocks) - 1
        small = block.same and between and not re.search(r"[\w\n]", block.old)
        if folded and not folded[-1].same and (small or not block.same):
            folded[-1].old += block.old
            folded[-1].new += block.new
        else:
            folded.append(block)
    return folded
