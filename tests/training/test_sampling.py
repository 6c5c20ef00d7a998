"""Texts written on to judge a model by. If these fail, adherence is of something else than the model."""

import mlx.core as mx
import numpy as np

from killah.gemma import base
from killah.training import sampling

COLD = {"tokens": 12, "min_p": 0.0, "temperature": 1e-6}


def greedy(loaded, ids, tokens):
    """The same without batches or a cache."""
    allowed = [*loaded.tokenizer.audible, loaded.model.config.eos_token_id]
    for _ in range(tokens):
        logits = np.array(loaded.model(mx.array(np.array([ids])))[0, -1].astype(mx.float32))
        ids = [*ids, max(allowed, key=lambda i: logits[i])]
    return ids


def test_several_at_a_time_are_what_each_is_alone(tiny):
    loaded = base.load(tiny)
    bos = loaded.tokenizer.bos
    beginnings = [[bos, 70, 80, 90], [bos, 100], [bos, 71, 81, 91], [bos, 120, 130]]
    texts = sampling.write_on(loaded.model, loaded.tokenizer, beginnings, **COLD)
    for beginning, text in zip(beginnings, texts, strict=True):
        whole = greedy(loaded, beginning, 12)
        assert text == loaded.tokenizer.decode(whole[len(beginning) :])


def test_a_seed_gives_the_same_and_min_p_drops_what_is_unlikely(tiny):
    loaded = base.load(tiny)
    beginnings = [[loaded.tokenizer.bos, 70]] * 20
    warm = {"tokens": 4, "temperature": 1.0}
    free, again, other = (
        sampling.write_on(loaded.model, loaded.tokenizer, beginnings, min_p=0.0, seed=seed, **warm)
        for seed in (1, 1, 2)
    )
    assert free == again != other
    narrow = sampling.write_on(loaded.model, loaded.tokenizer, beginnings, min_p=0.999, seed=1, **warm)
    assert len(set(narrow)) == 1 < len(set(free))


def test_a_text_ends_where_the_model_ends_it(tiny):
    loaded = base.load(tiny)
    loaded.model.config = loaded.model.config.__class__(
        **{**loaded.model.config.__dict__, "eos_token_id": loaded.tokenizer.audible.tolist()}
    )
    texts = sampling.write_on(loaded.model, loaded.tokenizer, [[loaded.tokenizer.bos, 70]], **COLD)
    assert texts == [""]
