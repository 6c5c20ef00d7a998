"""A classifier's figures are the field's own, so that they can be held against published ones."""

import numpy as np
import pytest

from killah.metrics.classes import accuracy, class_recall, macro_f1

# scikit-learn's own example for `f1_score`: 0 1 2 0 1 2 named 0 2 1 0 0 1 has a macro F1 of 0.2666...
TRUTHS, GUESSES = list("abcabc"), list("acbaab")


def test_figures_of_scikit_learns_example() -> None:
    assert macro_f1(TRUTHS, GUESSES).value == pytest.approx(0.8 / 3)
    assert accuracy(TRUTHS, GUESSES).value == pytest.approx(2 / 6)
    assert class_recall(TRUTHS, GUESSES) == {"a": 1.0, "b": 0.0, "c": 0.0}


def test_a_class_that_is_only_named_counts_with_nothing() -> None:
    # There: a twice, b once. Named: a, z, b. F1 of a 2/3, of b 1, of z 0.
    assert macro_f1(list("aab"), list("azb")).value == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_both_are_scikit_learns_on_many_random_guesses() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(0)
    for _ in range(20):
        truths, guesses = (random.choice(list("abcdefg"), 40, p=[0.4, *[0.1] * 6]).tolist() for _ in range(2))
        assert macro_f1(truths, guesses).value == pytest.approx(
            metrics.f1_score(truths, guesses, average="macro")
        )
        assert accuracy(truths, guesses).value == pytest.approx(metrics.accuracy_score(truths, guesses))


def test_always_naming_the_commonest_looks_good_by_accuracy_only() -> None:
    truths = ["neutral"] * 80 + ["angry"] * 10 + ["sad"] * 10
    guesses = ["neutral"] * 100
    assert accuracy(truths, guesses).value == pytest.approx(0.8)
    assert macro_f1(truths, guesses).value == pytest.approx(2 * 80 / 180 / 3)


def test_intervals_hold_the_figure_and_narrow_with_more_clips() -> None:
    random = np.random.default_rng(1)
    truths = random.choice(list("abc"), 600).tolist()
    guesses = [t if random.random() < 0.7 else "a" for t in truths]
    few, many = (macro_f1(truths[:n], guesses[:n]) for n in (60, 600))
    assert few.low < few.value < few.high
    assert many.low < many.value < many.high
    assert (many.high - many.low) / (few.high - few.low) == pytest.approx(10**-0.5, rel=0.3)
    assert macro_f1(truths, guesses, seed=1) == macro_f1(truths, guesses, seed=1)


def test_always_right_is_one_with_no_doubt() -> None:
    found = macro_f1(list("aabbc"), list("aabbc"))
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("measure", [accuracy, macro_f1, class_recall])
@pytest.mark.parametrize(("truths", "guesses"), [([], []), (["a"], []), (["a"], ["a", "b"])])
def test_lists_that_do_not_belong_together_are_refused(measure, truths, guesses) -> None:
    with pytest.raises(ValueError, match="not one of each a clip"):
        measure(truths, guesses)
