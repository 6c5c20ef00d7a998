"""What a step's gradient must not depend on: passes, checkpointing; and what its noise depends on."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from recipes import texts

from killah.gemma import base
from killah.gemma.trees import flat
from killah.training import data, lora, runs
from killah.training.config import Lora
from killah.training.loss import token_nats

EXACT = {"lora_parameters": {"rank": 4, "alpha": 8.0, "dropout": 0.0}}


@pytest.fixture
def adapted(tiny):
    """A base with LoRAs that already do something; gradients of a batch with or without checkpointing."""

    def make(dropout):
        loaded = base.load(tiny)
        lora.adapt(loaded.model, Lora(rank=4, dropout=dropout), -1, seed=0)
        for name, value in flat(loaded.model.trainable_parameters()).items():
            if name.endswith("lora_b"):
                lora.at(loaded.model, name.rpartition(".")[0]).lora_b = 0.1 * mx.random.normal(value.shape)
        loaded.model.train()
        rows = [data.encode({"text": t}, loaded.tokenizer, 64) for t in texts(3)]
        batch = data.collate(rows)

        def gradients(checkpoint, seed=0):
            mx.random.seed(seed)
            loss = lambda b: mx.sum(token_nats(loaded.model, b, checkpoint=checkpoint))  # noqa: E731
            nats, found = nn.value_and_grad(loaded.model, loss)(batch)
            return nats.item(), {k: np.array(v) for k, v in flat(found).items()}

        return gradients

    return make


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_checkpointing_gives_the_same_gradients(adapted, dropout):
    """With dropout too: what is computed again must draw the same noise again."""
    gradients = adapted(dropout)
    (loss, kept), (again, checkpointed) = gradients(False), gradients(True)
    assert again == pytest.approx(loss, rel=1e-6)
    assert kept.keys() == checkpointed.keys()
    for name, value in kept.items():
        np.testing.assert_allclose(checkpointed[name], value, rtol=1e-4, atol=1e-5 * np.abs(value).max())


def test_dropout_is_drawn_from_the_seed(adapted):
    gradients = adapted(0.3)
    assert gradients(False, 1)[0] == gradients(False, 1)[0]
    assert gradients(False, 1)[0] != gradients(False, 2)[0]


def test_four_passes_of_one_row_are_two_of_two_and_one_of_four(recipe, tmp_path):
    losses, kept = [], []
    for rows, passes in ((4, 1), (2, 2), (1, 4)):
        seen = []
        file = recipe(f"{rows}x{passes}", batch_size=rows, grad_accumulation_steps=passes, iters=4, **EXACT)
        runs.run("lora", file, report=seen.append)
        losses.append([e["loss"] for e in seen])
        state = mx.load(str(tmp_path / f"{rows}x{passes}" / "state.safetensors"))
        kept.append({k: np.array(v) for k, v in state.items() if k.startswith("parameter/")})
    for other, parameters in zip(losses[1:], kept[1:], strict=True):
        assert other == pytest.approx(losses[0], rel=1e-5)
        for name, value in parameters.items():
            assert np.linalg.norm(value - kept[0][name]) <= 1e-4 * np.linalg.norm(value), name


def test_dropout_differs_between_steps_and_passes_but_not_between_runs(recipe):
    rows = [{"text": "sea boat gull"}] * 4  # the same rows in every step and pass: only noise differs
    seen = {}
    for run in ("one", "two"):
        seen[run] = []
        settings = {"rank": 4, "alpha": 8.0, "dropout": 0.5}
        file = recipe(
            run, rows=rows, batch_size=2, grad_accumulation_steps=2, iters=5, lora_parameters=settings
        )
        runs.run("lora", file, ["learning_rate=1e-30"], seen[run].append)
    losses = [[e["norm_all"] for e in entries] for entries in seen.values()]
    assert losses[0] == losses[1]
    assert len(set(losses[0])) == 5


def test_a_checkpointed_run_learns_what_the_other_learns(recipe):
    figures = [
        runs.run("lora", recipe(str(again), grad_checkpoint=again, iters=4, **EXACT))
        for again in (False, True)
    ]
    assert figures[0]["valid"] == pytest.approx(figures[1]["valid"], rel=1e-5)
