"""Intruder dimensions are those of the definition, computed the slow way with full decompositions."""

import mlx.core as mx
import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from killah.gemma import intruders

TALL, WIDE, LARGE = (96, 48), (48, 96), (210, 190)  # the last: taken apart by iteration


@pytest.fixture(autouse=True)
def one_thread():
    """Small decompositions beside other work: threads would only wait for each other."""
    with threadpool_limits(1):
        yield


def matrix(shape, seed=0, decay=1.0):
    """Random directions with singular values 1, 1/2**decay, 1/3**decay, ..., as trained weights have."""
    rng, short = np.random.default_rng(seed), min(shape)
    left, right = (np.linalg.qr(rng.standard_normal((side, short)))[0] for side in shape)
    return (left * (1.0 / np.arange(1, short + 1) ** decay)) @ right.T


def by_definition(base, delta, threshold, top):
    """Shuttleworth et al. 2024, algorithm 1, word for word in float64."""
    before = np.linalg.svd(base, full_matrices=False)[0]
    after = np.linalg.svd(base + delta, full_matrices=False)[0][:, :top]
    return sum(max(abs(before.T @ u)) < threshold for u in after.T)


@pytest.mark.parametrize("shape", [TALL, WIDE, LARGE, LARGE[::-1]])
@pytest.mark.parametrize("rank", [1, 16])
@pytest.mark.parametrize("size", [0.01, 0.3])
def test_counts_are_those_of_the_definition(shape, rank, size):
    base = matrix(shape, decay=0.5)
    rng = np.random.default_rng(rank)
    delta = size * rng.standard_normal((shape[0], rank)) @ rng.standard_normal((rank, shape[1])) / rank**0.5
    for threshold, top in ((0.6, 10), (0.3, 5)):
        found = intruders.count(mx.array(base), mx.array(delta), threshold=threshold, top=top)
        assert found == by_definition(base, delta, threshold, top)


def test_nothing_added_has_no_intruders():
    base = mx.array(matrix(LARGE))
    assert intruders.count(base, mx.zeros(LARGE)) == 0
    assert intruders.count(base, 0.5 * base) == 0  # the same directions, only stronger


@pytest.mark.parametrize("shape", [TALL, WIDE, LARGE])
def test_each_strong_new_direction_is_one(shape):
    """New directions lie across all of the base's; three of them, stronger than anything there."""
    rng = np.random.default_rng(1)
    left, right = (np.linalg.qr(rng.standard_normal((side, 3)))[0] for side in shape)
    delta = mx.array(5.0 * left @ right.T)
    assert intruders.count(mx.array(matrix(shape)), delta) == 3
    assert intruders.count(mx.array(matrix(shape)), delta, top=2) == 2
    assert intruders.count(mx.array(matrix(shape)), delta, threshold=0.0) == 0


def test_measure_names_the_modules_and_takes_a_basis_for_a_weight():
    width, out, rank = 96, 48, 2
    base = mx.array(matrix((out, width)))
    a, b = mx.random.normal((width, rank), key=mx.random.key(0)), mx.zeros((rank, out))
    loud = mx.random.normal((rank, out), key=mx.random.key(1))
    tensors = {"x.k_proj.lora_a": a, "x.k_proj.lora_b": b, "y.k_proj.lora_a": a, "y.k_proj.lora_b": loud}
    weights = {"x.k_proj": base, "y.k_proj": intruders.basis(base)}
    assert intruders.measure(weights, tensors, 1.0) == {"x.k_proj": 0, "y.k_proj": 2}
    assert intruders.measure(weights, tensors, 0.0) == {"x.k_proj": 0, "y.k_proj": 0}


def test_bfloat16_weights_are_measured():
    base = mx.array(matrix(WIDE)).astype(mx.bfloat16)
    assert intruders.count(base, mx.zeros(WIDE, mx.bfloat16)) == 0
