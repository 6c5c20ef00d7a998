"""Coverage, precision and wrong-show rate, in the words in which other programs publish them."""

import pytest

from killah.metrics.showing import Showing, count


def test_the_rates_follow_from_three_counts() -> None:
    showing = count([True, False, None, True, None, True, None, None, None, None])
    assert showing == Showing(carets=10, shown=4, right=3)
    assert showing.coverage == 0.4
    assert showing.precision == 0.75
    assert showing.wrong_show_rate == pytest.approx(0.1)
    assert showing.accuracy == 0.3


def test_a_gate_that_shows_nothing_is_never_wrong() -> None:
    showing = count([None, None])
    assert (showing.coverage, showing.precision, showing.wrong_show_rate) == (0, 0, 0)
