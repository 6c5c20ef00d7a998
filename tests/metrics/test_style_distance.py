"""A style distance is the figure that says whether generated text came nearer to its author."""

import math

import numpy as np
import pytest

from killah.metrics.style_distance import burrows_delta, cosine_delta


def test_burrows_delta_is_the_mean_absolute_difference() -> None:
    # (|1 - 0| + |-2 - 1| + |0.5 - 0.5|) / 3
    assert burrows_delta([1, -2, 0.5], [0, 1, 0.5]) == pytest.approx(4 / 3)


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [([2, 0], [5, 0], 0), ([1, 0], [0, 3], 1), ([1, 1], [-2, -2], 2), ([1, 0], [1, 1], 1 - math.sqrt(0.5))],
)
def test_cosine_delta_measures_direction_only(first, second, distance) -> None:
    assert cosine_delta(first, second) == pytest.approx(distance)


@pytest.mark.parametrize("delta", [burrows_delta, cosine_delta])
def test_passages_are_compared_with_an_author_one_by_one(delta) -> None:
    passages, author = np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([1.0, 0.5])
    assert delta(passages, author) == pytest.approx([float(delta(each, author)) for each in passages])


def test_cosine_delta_equals_scipys_cosine_distance() -> None:
    distance = pytest.importorskip("scipy.spatial.distance")
    first, second = np.random.default_rng(0).normal(size=(2, 40))
    assert cosine_delta(first, second) == pytest.approx(distance.cosine(first, second))
    assert burrows_delta(first, second) == pytest.approx(distance.cityblock(first, second) / 40)


def test_an_average_style_has_no_direction() -> None:
    assert cosine_delta([0, 0], [1, 2]) == 1


@pytest.mark.parametrize(("first", "second"), [([1, 2], [1, 2, 3]), ([], []), (1, 1)])
def test_different_features_cannot_be_compared(first, second) -> None:
    with pytest.raises(ValueError, match="same features"):
        burrows_delta(first, second)
