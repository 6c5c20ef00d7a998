"""The gate promises a probability; these figures say whether it keeps the promise."""

import numpy as np
import pytest

from killah.metrics.calibration import expected_calibration_error, fit_logistic, log_loss, regression, sigmoid


def examples(intercept: float, slope: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    scores = -random.exponential(1.5, count)
    return scores, random.random(count) < sigmoid(intercept + slope * scores)


def test_the_fit_is_scikit_learns_platt_scaling() -> None:
    # Its private routine, run side by side: a * score + b is the negative logit there.
    calibration = pytest.importorskip("sklearn.calibration")
    scores, correct = examples(0.8, 1.3, 500)
    a, b = calibration._sigmoid_calibration(scores, correct, max_abs_prediction_threshold=100)
    assert fit_logistic(scores, correct) == pytest.approx((-b, -a), abs=1e-4)


def test_a_gate_of_known_shape_is_found_again() -> None:
    assert fit_logistic(*examples(0.8, 1.3, 200_000)) == pytest.approx((0.8, 1.3), abs=0.03)


def test_scores_that_separate_perfectly_stay_finite() -> None:
    intercept, slope = fit_logistic([-3.0, -2.0, -1.0, -0.5], [False, False, True, True])
    assert np.isfinite([intercept, slope]).all()
    assert slope > 0


def test_scores_without_spread_give_the_share_right() -> None:
    intercept, slope = fit_logistic([-1.0] * 98, [True] * 49 + [False] * 49)
    assert sigmoid(intercept - slope) == pytest.approx(0.5)


def test_the_weights_are_scikit_learns_with_the_same_ridge() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    random = np.random.default_rng(0)
    features = random.normal(3.0, [1.0, 5.0, 0.2], size=(2000, 3))
    truth = (features - 3.0) @ [2.0, -0.2, 0.0] - 1.0
    right = random.random(2000) < sigmoid(truth)
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    other = linear_model.LogisticRegression(C=1.0, tol=1e-9).fit(scaled, right)
    intercept, weights = regression(features, right, ridge=1.0)
    assert weights * features.std(axis=0) == pytest.approx(other.coef_[0], abs=1e-4)
    assert intercept + weights @ features.mean(axis=0) == pytest.approx(other.intercept_[0], abs=1e-4)


@pytest.mark.parametrize("correct", [[], [True, True], [False]])
def test_one_sided_examples_are_refused(correct: list[bool]) -> None:
    with pytest.raises(ValueError, match="both right and wrong"):
        fit_logistic([-1.0] * len(correct), correct)


def test_calibration_error_by_hand() -> None:
    # Bins [0, .5) and [.5, 1]: 2/5 * |.25 - 0| + 3/5 * |.6833 - 1|. torchmetrics documents the same 0.29.
    error = expected_calibration_error([0.25, 0.25, 0.55, 0.75, 0.75], [0, 0, 1, 1, 1], bins=2)
    assert error == pytest.approx(0.29)


def test_a_certain_probability_falls_in_the_last_bin() -> None:
    assert expected_calibration_error([1.0, 1.0], [1, 0]) == pytest.approx(0.5)


def test_the_sigmoid_never_overflows() -> None:
    np.testing.assert_allclose(sigmoid([-1000.0, 0.0, 1000.0]), [0.0, 0.5, 1.0])


def test_log_loss_is_scikit_learns() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    stated, right = [0.9, 0.2, 0.6, 0.5], [True, False, False, True]
    assert log_loss(stated, right) == pytest.approx(metrics.log_loss(right, stated))
    assert log_loss([0.0], [True]) < 30  # certain and wrong: dear, not infinite


def test_no_examples_are_refused() -> None:
    for measure in (log_loss, expected_calibration_error):
        with pytest.raises(ValueError, match="at least one example"):
            measure([], [])
