"""An interval that is too narrow would let a change pass for progress."""

import numpy as np
import pytest

from killah.metrics.intervals import bootstrap, bootstrap_paired, bootstrap_ratios, wilson

# Efron and Tibshirani 1993, table 10.1: hormone in the blood of eight people.
PLACEBO = np.array([9243, 9671, 11792, 13357, 9055, 6290, 12412, 18806])
OLD_PATCH = np.array([17649, 12013, 19979, 21816, 13850, 9806, 17208, 29044])
NEW_PATCH = np.array([16449, 14614, 17274, 23798, 12560, 10157, 16570, 26325])


def test_the_patch_ratio_of_efron_and_tibshirani() -> None:
    ratio = bootstrap(NEW_PATCH - OLD_PATCH, OLD_PATCH - PLACEBO)
    assert ratio.value == pytest.approx(-0.0713, abs=5e-5)  # section 10.3
    assert ratio.n == 8


def test_a_ratio_has_the_interval_that_scipy_gives() -> None:
    stats = pytest.importorskip("scipy.stats")
    ours = bootstrap(NEW_PATCH - OLD_PATCH, OLD_PATCH - PLACEBO, level=0.9)
    theirs = stats.bootstrap(
        (NEW_PATCH - OLD_PATCH, OLD_PATCH - PLACEBO),
        lambda y, z, axis=-1: y.sum(axis) / z.sum(axis),
        paired=True,
        vectorized=True,
        method="percentile",
        confidence_level=0.9,
        n_resamples=20_000,
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx(theirs, abs=0.02)


def test_a_mean_has_about_its_normal_interval() -> None:
    values = np.random.default_rng(0).normal(10, 3, 400)
    mean = bootstrap(values)
    half = 1.96 * values.std() / 20
    assert mean.value == pytest.approx(values.mean())
    assert (mean.low, mean.high) == pytest.approx((mean.value - half, mean.value + half), abs=0.1 * half)


def test_a_pair_of_models_is_compared_passage_by_passage() -> None:
    # Passages differ far more than the models do: paired, the small gain is certain; apart, it is lost.
    random = np.random.default_rng(0)
    hard = random.normal(2.0, 0.5, 100)
    better = hard - 0.05 + random.normal(0, 0.02, 100)
    assert bootstrap_paired(better, hard).high < 0
    assert bootstrap(better).high > bootstrap(hard).low


def test_ratios_with_denominators_of_their_own_are_compared_passage_by_passage() -> None:
    random = np.random.default_rng(0)
    hard = random.normal(2.0, 0.5, 100)
    sizes = random.integers(50, 150, 100)
    longer = sizes + random.integers(0, 5, 100)
    found = bootstrap_ratios((1.05 * hard * longer, longer), (hard * sizes, sizes))
    assert 0 < found.low < found.value < found.high < 0.2
    assert bootstrap_ratios((hard, sizes), (hard, sizes)).high == 0
    with pytest.raises(ValueError, match="other passages"):
        bootstrap_ratios((hard, sizes), (hard[1:], sizes[1:]))


def test_the_same_seed_gives_the_same_interval() -> None:
    assert bootstrap(PLACEBO, seed=3) == bootstrap(PLACEBO, seed=3)
    assert bootstrap(PLACEBO, seed=3) != bootstrap(PLACEBO, seed=4)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe 1998 (Statistics in Medicine 17), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals_as_newcombe_published_them(successes, trials, low, high) -> None:
    found = wilson(successes, trials)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    assert found.n == trials


def test_what_is_no_sample_is_refused() -> None:
    for numerators, denominators in (([], None), ([1.0], [0.0]), ([1.0, 2.0], [1.0])):
        with pytest.raises(ValueError, match="a ratio needs"):
            bootstrap(numerators, denominators)
    with pytest.raises(ValueError, match="no proportion"):
        wilson(3, 2)


def test_passages_with_nothing_to_count_do_not_spoil_the_interval() -> None:
    # Resamples that hold only the two passages where nothing was shown have no precision.
    precision = bootstrap([1, 0, 0], [2, 0, 0])
    assert (precision.low, precision.high) == (0.5, 0.5)
