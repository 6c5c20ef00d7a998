"""min-p keeps what the paper's reference keeps, and a seed repeats a text."""

import mlx.core as mx
import numpy as np
import pytest

from killah.engine.sampling import Sampler, Sampling, min_p

PROBABILITIES = [0.5, 0.25, 0.15, 0.06, 0.04]


@pytest.mark.parametrize(
    ("p", "kept"), [(0.0, 5), (0.08, 5), (0.1, 4), (0.3, 3), (0.49, 2), (0.51, 1), (1.0, 1)]
)
def test_min_p_keeps_what_is_at_least_p_times_the_likeliest(p, kept):
    # By hand: the threshold is p * 0.5; 0.08 * 0.5 = 0.04 keeps the last entry (not strictly less).
    logprobs = mx.log(mx.array(PROBABILITIES)) + (1e-6 if p == 0.08 else 0)
    assert int((min_p(logprobs, p) > -mx.inf).sum().item()) == kept


def test_min_p_equals_transformers():
    torch = pytest.importorskip("torch")
    from transformers import MinPLogitsWarper

    logits = np.random.default_rng(0).normal(size=(50, 300)).astype(np.float32) * 3
    ours = np.array(min_p(mx.array(logits), 0.1))
    theirs = MinPLogitsWarper(0.1)(None, torch.tensor(logits)).numpy()
    assert np.array_equal(np.isinf(ours), np.isinf(theirs))


def test_samples_follow_the_renormalised_distribution():
    # min_p 0.3 keeps 0.5, 0.25, 0.15, renormalised by 1 / 0.9.
    sampler = Sampler(Sampling(min_p=0.3, temperature=1.0, seed=0))
    logits = mx.log(mx.array(PROBABILITIES))
    counts = np.bincount([sampler(logits, []).item() for _ in range(4000)], minlength=5) / 4000
    assert np.abs(counts - np.array([0.5, 0.25, 0.15, 0, 0]) / 0.9).max() < 0.03  # 4 standard errors


def test_temperature_zero_is_greedy():
    sampler = Sampler(Sampling(temperature=0))
    assert {sampler(mx.array([0.1, 2.0, 0.3]), []).item() for _ in range(5)} == {1}


def test_a_seed_repeats_and_another_does_not():
    logits = mx.zeros(1000)

    def draw(seed):
        sampler = Sampler(Sampling(min_p=0, temperature=1, seed=seed))
        return [sampler(logits, []).item() for _ in range(5)]

    assert draw(1) == draw(1) != draw(2)


@pytest.mark.parametrize("extra", [{"top_k": 1}, {"top_p": 0.4}])
def test_mlx_lm_filters_are_applied(extra):
    sampler = Sampler(Sampling(min_p=0, temperature=1, seed=0, **extra))
    assert {sampler(mx.log(mx.array(PROBABILITIES)), []).item() for _ in range(50)} == {0}


def test_xtc_leaves_the_top_choice_out():
    sampler = Sampler(Sampling(min_p=0, temperature=1, seed=0, xtc_probability=1.0, xtc_threshold=0.2))
    assert 0 not in {sampler(mx.log(mx.array(PROBABILITIES)), []).item() for _ in range(200)}


def test_repetition_penalty_turns_to_something_new():
    sampler = Sampler(Sampling(temperature=0, repetition_penalty=2.0))
    logits = mx.array([3.0, 2.0, 1.0])
    assert sampler(logits, []).item() == 0
    assert sampler(logits, [0, 0]).item() == 1
