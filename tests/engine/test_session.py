"""Whatever the writer does, the session's logits are those of a fresh pass, at the cost of what is new."""

import random

import mlx.core as mx
import numpy as np
import pytest

from killah import devices
from killah.engine.prompt import soft_tokens
from killah.engine.session import Session
from killah.gemma.gemma3 import Config, Gemma3

WINDOW = 16


@pytest.fixture(scope="module")
def model():
    mx.random.seed(0)
    kinds = ["sliding_attention", "full_attention", "sliding_attention"]
    model = Gemma3(Config(64, 128, 3, 4, 2, 16, 200, WINDOW, kinds, 16))
    model.update({"model": {"embed_tokens": {"weight": mx.random.normal((200, 64)) * 0.1}}})
    mx.eval(model.parameters())
    return model


def read(session: Session, slots) -> np.ndarray:
    list(session.prefill(slots))
    return np.array(session.logits)


def fresh(model, ids) -> np.ndarray:
    return np.array(model(mx.array([ids]))[0, -1])


TEXT = random.Random(1).choices(range(200), k=70)


@pytest.mark.parametrize(
    ("edited", "new"),
    [
        ([*TEXT, 7, 8], 2),  # appended
        ([*TEXT[:30], 9, *TEXT[30:]], 41),  # inserted in the middle, behind the window
        ([*TEXT[:40], *TEXT[45:]], 25),  # deleted in the middle
        (TEXT[:50], 1),  # cut off: the last token again, for its logits
        (TEXT, 0),  # the same prompt: nothing at all
        ([5, *TEXT[1:]], 70),  # the very first token
    ],
)
def test_only_what_is_new_goes_through_the_model(model, edited, new):
    session = Session(model)
    read(session, TEXT)
    before = session.computed
    assert np.abs(read(session, edited) - fresh(model, edited)).max() < 1e-4
    assert session.computed - before == new


def test_the_same_prompt_is_free_after_generated_tokens(model):
    session = Session(model)
    expected = read(session, TEXT)
    session.step(3)
    session.step(4)
    before = session.computed
    assert np.array_equal(read(session, TEXT), expected)
    assert session.computed == before


def test_an_interrupted_prefill_is_taken_up_where_it_ended(model):
    chunk = devices.prepare().prefill_chunk
    long = (TEXT * 20)[: 2 * chunk + 5]
    session = Session(model)
    reading = session.prefill(long)
    next(reading)
    reading.close()
    assert len(session.slots) == chunk
    assert np.abs(read(session, long) - fresh(model, long)).max() < 1e-3
    assert session.computed == len(long)


def test_soft_tokens_that_equal_embeddings_equal_the_tokens(model):
    vectors = model.embed(mx.array([TEXT[5:9]]))[0]
    slots = [*TEXT[:5], *soft_tokens("persona", vectors), *TEXT[9:]]
    session = Session(model)
    assert np.abs(read(session, slots) - fresh(model, TEXT)).max() < 1e-4
    before = session.computed
    read(session, [*slots, 1])
    assert session.computed - before == 1  # soft tokens stay in the cache


def test_other_soft_tokens_are_not_mistaken_for_cached_ones(model):
    vectors = model.embed(mx.array([TEXT[5:9]]))[0]
    session = Session(model)
    one = read(session, [*TEXT[:5], *soft_tokens("one", vectors)])
    two = read(session, [*TEXT[:5], *soft_tokens("two", vectors * -1)])
    assert np.abs(one - two).max() > 1e-3
