"""What a text has said so far: every number here can be counted in the text."""

import numpy as np
import pytest

from killah.persona.text_so_far import DISCOUNT, habit, habits

A, B, C, D = range(4)
TEXT = np.array([A, B, C, A, B, D, B, C])


def test_one_token_of_context_counts_what_followed_it() -> None:
    """C was twice followed by nothing but A; B three times: C, D, C."""
    share, worth = habit(TEXT[:-1], [B], 4)
    np.testing.assert_allclose(share, [0, 0, (1 - DISCOUNT) / 2, (1 - DISCOUNT) / 2])
    assert worth == pytest.approx(1 - DISCOUNT)
    share, worth = habit(TEXT, [B], 4)
    np.testing.assert_allclose(share, [0, 0, (2 - DISCOUNT) / 3, (1 - DISCOUNT) / 3], rtol=1e-6)
    assert worth == pytest.approx(share.sum())


def test_a_longer_context_counts_more_and_leaves_the_rest_to_the_shorter() -> None:
    """After A B came C and D once each, after B alone C twice and D once."""
    share, worth = habit(TEXT, [A, B], 4)
    short, _ = habit(TEXT, [B], 4)
    np.testing.assert_allclose(share, [0, 0, *((1 - DISCOUNT) / 2 + DISCOUNT * short[2:])], rtol=1e-6)
    assert worth == pytest.approx(share.sum())


def test_a_context_that_was_not_there_says_nothing() -> None:
    for text, context in ((TEXT, [7]), (TEXT, []), (TEXT[:0], [A]), (np.array([A]), [A])):
        share, worth = habit(text, context, 8)
        assert (share.any(), worth) == (False, 0.0)


def test_each_token_is_told_by_the_ids_before_it() -> None:
    """What an evaluation charges is what the engine mixes in at the same place."""
    ids = np.random.default_rng(0).integers(0, 6, 60)
    share, worth = habits(ids, 20)
    for at in range(20, 60):
        expected, sum_ = habit(ids[:at], ids[:at].tolist(), 6)
        assert share[at - 20] == pytest.approx(expected[ids[at]], abs=1e-6)
        assert worth[at - 20] == pytest.approx(sum_, abs=1e-6)
