"""The prompt's beginning stays put while the writer types, and never outgrows the model."""

from itertools import pairwise

import mlx.core as mx
import pytest

from killah import paths
from killah.engine.prompt import build, soft_tokens, window_start
from killah.gemma.tokenizer import Tokenizer

WORDS = "and the sea was grey that morning over the long wet sand of the bay ".split(" ")
LONG = " ".join(WORDS * 300)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(paths.shipped("models") / "pushkin-nano")


def test_the_order_is_the_designs(tokenizer):
    persona, audio = soft_tokens("p", mx.zeros((2, 8))), soft_tokens("a", mx.zeros((1, 8)))
    codes = [tokenizer.id("<story>"), *soft_tokens("c", mx.zeros((2, 8)))]
    prompt = build(tokenizer, "Hello wor", 200, persona=persona, codes=codes, passages=["Mine."], audio=audio)
    mine = tokenizer.encode("Mine.\n\n")
    head = [tokenizer.bos, *persona, *codes, *mine, *audio]
    assert prompt.slots == [*head, *tokenizer.encode("Hello")]
    assert prompt.required == b" wor"


@pytest.mark.parametrize("room", [64, 256])
def test_never_longer_than_the_room(tokenizer, room):
    assert len(build(tokenizer, LONG, room, passages=[LONG[:400]] * 5).slots) <= room
    assert len(build(tokenizer, "😀" * 5000, room).slots) <= room  # four tokens a character


def test_typing_rarely_moves_the_beginning(tokenizer):
    prompts = [build(tokenizer, LONG[:end], 256).slots for end in range(4000, 5000, 5)]
    moved = sum(a != b[: len(a)] and b != a[: len(b)] for a, b in pairwise(prompts))
    assert moved <= 4


@pytest.mark.parametrize("size", [10, 100, 999])
def test_window_is_never_longer_than_asked_and_keeps_a_third(size):
    for end in range(0, 5000, 37):
        start = window_start(LONG[:end], size)
        assert end - start <= size
        assert end - start >= min(end, size // 4)
