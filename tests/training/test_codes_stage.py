"""Soft tokens of control codes: they begin as words, each learns from its own rows, and the base stays."""

import mlx.core as mx
import numpy as np
import pytest
from recipes import WORDS

from killah.adapters import catalog, package
from killah.errors import KillahError
from killah.gemma import base
from killah.gemma.projector import embedding_scale
from killah.training import config, runs
from killah.training.data import Batch, collate
from killah.training.loss import token_nats
from killah.training.stages.codes import CodesStage


def rows(count):
    """What is formal is of the sea, what is not is of ropes; a word says which comes with neither."""
    sea, rope = " ".join(WORDS[:3] * 3), " ".join(WORDS[5:8] * 3)
    both = [{"text": sea, "codes": ["<formal>"]}, {"text": rope, "codes": ["<plain>"]}]
    return [both[i % 2] for i in range(count)]


@pytest.fixture
def settings(recipe):
    prompts = {"formal": "sea", "plain": "sea"}
    return recipe(rows=rows(12), valid=rows(4), soft_tokens=3, prompts=prompts, name="codes")


def test_a_code_begins_as_its_words_in_the_size_of_embeddings(settings, tiny):
    loaded = base.load(tiny)
    stage = CodesStage(loaded, config.read(settings))
    scale = embedding_scale(loaded.model)
    ids = loaded.tokenizer.encode(" sea")
    found = loaded.model.embed(mx.array([ids[0]]))[0]
    first = stage.module.tokens["formal"][0]
    size = float(mx.sqrt(mx.mean(mx.square(found))))
    np.testing.assert_allclose(np.array(first * scale), np.array(found) * scale / size, rtol=1e-3)


def test_each_code_learns_its_own_rows_and_is_read_where_it_stands(settings, tiny, home):
    figures = runs.run("codes", settings, ["iters=40", "learning_rate=0.3", "install=true", "patience=9"])
    adapter = package.read(catalog.find("codes", "tiny"), base.load(tiny).manifest)
    about = adapter.card
    assert (about.kind, about.codes, about.soft_tokens) == ("codes", ["formal", "plain"], 3)
    loaded = base.load(tiny)

    def nats(row, code):
        """What a text costs behind a code's soft tokens, as the engine puts them."""
        soft = adapter.tensors[code][None]
        ids = [loaded.tokenizer.bos, *loaded.tokenizer.encode(row["text"])]
        batch = Batch(np.array([ids], np.int32), np.array([[False] + [True] * (len(ids) - 1)]))
        return float(mx.sum(token_nats(loaded.model, batch, prefix=soft)))

    sea, rope = rows(2)
    assert nats(sea, "formal") < nats(sea, "plain")
    assert nats(rope, "plain") < nats(rope, "formal")
    # The trainer's own figure is of the same prompt: ids behind the vocabulary became these vectors.
    tokens = sum(len(loaded.tokenizer.encode(row["text"])) for row in (sea, rope))
    assert figures["valid"] == pytest.approx((nats(sea, "formal") + nats(rope, "plain")) / tokens, rel=1e-4)


def test_the_base_s_own_codes_stay_its_own(settings, tiny):
    loaded = base.load(tiny)
    stage = CodesStage(loaded, config.read(settings))
    batch = collate(stage.valid[:2])
    assert batch.ids.max() >= loaded.model.config.vocab_size
    plain = Batch(np.minimum(batch.ids, 5), batch.learned)
    np.testing.assert_array_equal(np.array(stage.nats(plain)), np.array(token_nats(loaded.model, plain)))


def test_without_codes_it_is_said(recipe):
    with pytest.raises(KillahError, match="no control code to train"):
        runs.run("codes", recipe())
