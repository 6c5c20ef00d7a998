"""Bits per byte must mean the same for every model, or figures on the model card compare nothing."""

import math

import numpy as np
import pytest

from killah.metrics.likelihood import bits_per_byte, bits_per_byte_gap, perplexity, perplexity_rise

TOKENS = np.array([10, 30, 20])


def test_guessing_bytes_costs_eight_bits_each() -> None:
    sizes = np.array([100, 50])
    found = bits_per_byte(sizes * math.log(256), sizes)
    assert (found.value, found.low, found.high) == pytest.approx((8, 8, 8))


def test_a_tokenizer_does_not_change_the_figure() -> None:
    # The same text as 10 tokens at 1/16 or as 20 tokens at 1/4 is as likely.
    as_ten, as_twenty = (bits_per_byte([n * math.log(k)], [30]) for n, k in ((10, 16), (20, 4)))
    assert as_ten.value == pytest.approx(as_twenty.value)


def test_a_long_passage_counts_for_more_than_a_short_one() -> None:
    assert bits_per_byte([8 * math.log(2), 90 * math.log(2)], [2, 98]).value == pytest.approx(0.98)


def test_the_gap_is_the_difference_of_the_two_figures() -> None:
    nats, others, sizes = [10.0, 22.0], [12.0, 21.0], [40, 60]
    gap = bits_per_byte_gap(nats, others, sizes)
    assert gap.value == pytest.approx(bits_per_byte(nats, sizes).value - bits_per_byte(others, sizes).value)
    assert gap.low <= gap.value <= gap.high


def test_guessing_among_k_tokens_is_perplexity_k() -> None:
    found = perplexity(TOKENS * math.log(8192), TOKENS)
    assert (found.value, found.low, found.high) == pytest.approx((8192, 8192, 8192))


def test_three_per_cent_are_three_per_cent() -> None:
    # Perplexity 103 against 100.
    found = perplexity_rise(TOKENS * math.log(103), TOKENS * math.log(100), TOKENS)
    assert (found.value, found.low, found.high) == pytest.approx((3, 3, 3))


def test_nothing_has_no_likelihood() -> None:
    with pytest.raises(ValueError, match="a ratio needs"):
        bits_per_byte([], [])
