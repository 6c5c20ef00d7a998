"""What the model reads: [BOS] [persona soft tokens] [control codes] [passages] [audio soft tokens] [text].

A prompt is a list of slots, an id or a soft token each, that compares equal where the model's keys and
values would be equal. That is all the session needs to reuse them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import mlx.core as mx

from killah.gemma.tokenizer import Tokenizer

CHARACTERS_PER_TOKEN = 3.0  # a cautious estimate for cutting text before it is encoded


@dataclass(frozen=True)
class SoftToken:
    """One vector (hidden,) in the residual stream's scale; two are equal if key and index are."""

    key: str
    index: int
    vector: mx.array = field(compare=False, repr=False)


Slot = int | SoftToken


def soft_tokens(key: str, vectors: mx.array) -> list[SoftToken]:
    """Slots for `vectors` (k, hidden); `key` names their content, so that equal keys mean equal vectors."""
    return [SoftToken(key, index, vector) for index, vector in enumerate(vectors)]


@dataclass(frozen=True)
class Prompt:
    """Slots, and the bytes the model's answer must begin with (the word the writer is in).

    `text` are the ids of the writer's text among the slots.
    """

    slots: list[Slot]
    required: bytes
    text: tuple[int, ...] = ()


def build(
    tokenizer: Tokenizer,
    before: str,
    room: int,
    *,
    persona: Sequence[SoftToken] = (),
    codes: Sequence[Slot] = (),
    passages: Sequence[str] = (),
    audio: Sequence[SoftToken] = (),
) -> Prompt:
    """The prompt for the text `before` the caret, at most `room` tokens long.

    `passages` (the writer's own, best last) stand before the text as paragraphs and may take half the
    room; text that does not fit is left out from its beginning.
    """
    front = [*head(tokenizer, room, persona=persona, codes=codes, passages=passages), *audio]
    rest = room - len(front)
    ids, required = tokenizer.condition(before[window_start(before, int(rest * CHARACTERS_PER_TOKEN)) :])
    return Prompt(front + ids[-rest:], required, tuple(ids[-rest:]))


def head(
    tokenizer: Tokenizer,
    room: int,
    *,
    persona: Sequence[SoftToken] = (),
    codes: Sequence[Slot] = (),
    passages: Sequence[str] = (),
) -> list[Slot]:
    """What stands before the text, with as many of the passages as fit in half of `room`."""
    slots: list[Slot] = [tokenizer.bos, *persona, *codes]
    for passage in passages:
        ids = tokenizer.encode(passage.strip() + "\n\n")
        if len(slots) + len(ids) <= room // 2:
            slots += ids
    return slots


def window_start(text: str, size: int) -> int:
    """Where the last `size` characters begin, moved in jumps of half of `size`.

    Between jumps the start stays put as text is appended, so the prompt's beginning, and with it all
    keys and values, stays too. It is moved on to a paragraph's or a word's start nearby.
    """
    if len(text) <= size:
        return 0
    stride = max(1, size // 2)
    start = -(-(len(text) - size) // stride) * stride
    for mark in ("\n", " "):
        found = text.find(mark, start, start + stride // 2)
        if found >= 0:
            return found + len(mark)
    return start
