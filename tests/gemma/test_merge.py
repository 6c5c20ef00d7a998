"""Merging: the published formula, computed here the long way."""

import numpy as np
import pytest

from killah.gemma import merge


def adapters(count: int, rank: int = 4, width: int = 12, out: int = 20) -> tuple[list, list]:
    random = np.random.default_rng(7)
    shared = random.normal(size=(1, out))  # a direction every b writes to
    a = [random.normal(size=(width, rank)) for _ in range(count)]
    b = [random.normal(size=(rank, out)) + 3 * random.normal(size=(rank, 1)) * shared for _ in range(count)]
    return a, b


def test_pico_is_the_formula_of_the_paper():
    a, b = adapters(3)
    columns = np.concatenate([each.T for each in b], axis=1)  # [B1 .. BT], (out, all ranks)
    u, s, _ = np.linalg.svd(columns, full_matrices=False)
    shrink = 1 / (1 + (len(b) - 1) * s**2 / np.sum(s**2))
    calibrated = [(np.eye(len(u)) + u @ np.diag(shrink - 1) @ u.T) @ each.T for each in b]
    merged = sum(c @ each.T for c, each in zip(calibrated, a, strict=True))
    mean = np.mean([np.linalg.norm(y.T @ x.T) for x, y in zip(a, b, strict=True)])
    expected = [(c * mean / np.linalg.norm(merged)).T for c in calibrated]
    for got, want in zip(merge.pico(a, b), expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def test_pico_leaves_a_single_adapter_alone():
    a, b = adapters(1)
    np.testing.assert_allclose(merge.pico(a, b)[0], b[0], rtol=1e-5)


def test_pico_counts_what_all_adapters_share_once():
    a, b = adapters(4)
    direction = np.linalg.svd(np.concatenate(b))[2][0]
    calibrated = merge.pico(a, b)
    share = [
        np.sum((x @ direction) ** 2) / np.sum(x**2) for x in (np.concatenate(b), np.concatenate(calibrated))
    ]
    assert share[1] < 0.6 * share[0]


def test_pico_of_untrained_adapters_is_nothing():
    a, b = adapters(2)
    assert all(not part.any() for part in merge.pico(a, [0 * each for each in b]))


def test_softmax_sums_to_one_and_survives_large_scores():
    shares = merge.softmax(np.array([[0.0, 0.0], [1e4, 0.0], [-np.inf, 1.0]]))
    assert shares.tolist() == [[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]]
    assert merge.softmax(np.array([1.0, 2.0])).sum() == pytest.approx(1)
