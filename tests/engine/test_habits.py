"""Habits at the logits: a writer's phrases come when their words are there, and nothing else changes."""

import mlx.core as mx
import numpy as np
import pytest

from killah import paths
from killah.engine import habits
from killah.engine.habits import Habits
from killah.engine.prompt import soft_tokens
from killah.gemma.tokenizer import Tokenizer

PHRASE = "the marmalade of the archdeacon"
TOKENIZER = Tokenizer(paths.shipped("models") / "pushkin-nano")
TEXTS = [f"He wrote of {PHRASE} again." for _ in range(6)] + ["She saw the sea.", "It was cold."]


@pytest.fixture(scope="module")
def model():
    return habits.learn(TEXTS, TOKENIZER)


def logits(size: int = TOKENIZER.size) -> mx.array:
    return mx.random.normal((size,), key=mx.random.key(1)) * 3


def probabilities(values: mx.array) -> np.ndarray:
    return np.array(mx.softmax(values), dtype=np.float64)


def test_a_phrase_is_gone_on_with(model) -> None:
    ids = TOKENIZER.encode(f" {PHRASE}")
    before, wanted = ids[:-1], ids[-1]
    mixed = Habits(((model, 0.3),)).mix(logits(), before)
    habit, worth = model.habit(before)
    expected = (1 - 0.3 * worth**2) * probabilities(logits()) + 0.3 * worth * habit
    np.testing.assert_allclose(np.exp(np.array(mixed)), expected, rtol=1e-4, atol=1e-9)
    assert np.exp(np.array(mixed)).sum() == pytest.approx(1, abs=1e-4)
    assert np.exp(float(mixed[wanted])) > 0.15 > 10 * probabilities(logits())[wanted]


def test_what_the_writer_never_said_is_left_alone_bit_for_bit(model) -> None:
    before = [TOKENIZER.encode(" zebra")[-1]]
    np.testing.assert_array_equal(np.array(Habits(((model, 0.5),)).mix(logits(), before)), np.array(logits()))
    np.testing.assert_array_equal(np.array(Habits(((model, 0.5),)).mix(logits(), [])), np.array(logits()))


def test_a_context_ends_at_a_soft_token(model) -> None:
    before = TOKENIZER.encode(f" {PHRASE}")[:-1]
    soft = soft_tokens("me", mx.zeros((1, 4)))
    mix = Habits(((model, 0.3),)).mix
    np.testing.assert_array_equal(np.array(mix(logits(), [*before, *soft])), np.array(logits()))
    both = np.array(mix(logits(), [5, *soft, *before[-3:]]))
    np.testing.assert_array_equal(both, np.array(mix(logits(), before[-3:])))


def test_a_models_logits_may_be_longer_than_the_vocabulary(model) -> None:
    mixed = Habits(((model, 0.3),)).mix(logits(TOKENIZER.size + 64), TOKENIZER.encode(f" {PHRASE}")[:-1])
    assert mixed.shape == (TOKENIZER.size + 64,)
    assert np.isfinite(np.array(mixed)).all()


def test_several_writers_share_by_weight(model) -> None:
    other = habits.learn(["He wrote of the marmalade of the queen."] * 4, TOKENIZER)
    before = TOKENIZER.encode(f" {PHRASE}")[:-1]
    one, two = (each.habit(before) for each in (model, other))
    expected = (
        (1 - 0.2 * one[1] ** 2 - 0.1 * two[1] ** 2) * probabilities(logits())
        + 0.2 * one[1] * one[0]
        + 0.1 * two[1] * two[0]
    )
    mixed = Habits(((model, 0.2), (other, 0.1))).mix(logits(), before)
    np.testing.assert_allclose(np.exp(np.array(mixed)), expected, rtol=1e-4, atol=1e-9)


def test_without_text_there_is_nothing_to_learn() -> None:
    assert habits.learn([], TOKENIZER) is None
    assert habits.learn([""], TOKENIZER) is None


def test_what_the_text_said_after_the_same_words_is_gone_on_with() -> None:
    text = TOKENIZER.encode("The harbourmaster Quillon spoke. Nobody heard the harbourmaster")
    name = TOKENIZER.encode(" Quillon")[0]
    so_far = Habits(text_weight=0.2).over(text)
    mixed = np.exp(np.array(so_far.mix(logits(), text)))
    assert mixed[name] > probabilities(logits())[name] + 0.03
    assert mixed.sum() == pytest.approx(1, abs=1e-4)
    # What the model adds does not count: it would go on with itself.
    added = TOKENIZER.encode(" zebra yak zebra")
    np.testing.assert_array_equal(np.array(so_far.mix(logits(), [*text, *added])), np.array(logits()))
    np.testing.assert_array_equal(np.array(Habits(text_weight=0.2).mix(logits(), text)), np.array(logits()))
