"""min-p keeps what the paper's reference keeps, and a seed repeats a text."""

import mlx.core as mx
import numpy as np
import pytest

from killah.engine.sampling import Sampler, Sampling, adapted, min_p

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


def logprobs_of(probabilities: list[float]) -> mx.array:
    return mx.log(mx.array(probabilities))


def test_an_adapted_min_p_falls_with_the_models_uncertainty_within_bounds():
    def at(choices: int) -> float:
        return float(adapted(0.1, logprobs_of([1 / choices] * choices + [0.0] * (4096 - choices))))

    found = [at(2**power) for power in range(13)]
    assert found == sorted(found, reverse=True) and len(set(found)) == len(found)
    assert found[0] == pytest.approx(0.2)  # certain: twice
    assert at(round(np.e**2)) == pytest.approx(0.1, rel=0.03)  # two nats: as it was asked for
    assert 0.05 < found[-1] < 0.07  # 8.3 nats: toward half


def test_an_adapted_min_p_is_never_more_than_all_and_keeps_zero():
    certain = logprobs_of([1.0, 0.0, 0.0])
    assert float(adapted(0.8, certain)) == 1.0
    assert float(adapted(0.0, certain)) == 0.0
    logits = mx.random.normal((50,), key=mx.random.key(0))
    plain, adaptive = (Sampler(Sampling(min_p=0, seed=1, adaptive=each)) for each in (False, True))
    assert [int(plain(logits, []).item()) for _ in range(5)] == [
        int(adaptive(logits, []).item()) for _ in range(5)
    ]


def test_an_adaptive_sampler_keeps_less_where_it_is_sure():
    # 0.85 and 0.11: a ratio of 0.129, above 0.1; at 0.5 nats of entropy the adapted one is 0.152.
    logits = logprobs_of([0.85, 0.11, 0.04])
    drawn = [
        {int(Sampler(Sampling(0.1, 1.0, seed=seed, adaptive=on))(logits, []).item()) for seed in range(60)}
        for on in (False, True)
    ]
    assert drawn == [{0, 1}, {0}]
