"""The formula of the peak against what MLX really took, and the order of what to lower."""

from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest

from killah.gemma.gemma3 import Config as Shape
from killah.gemma.gemma3 import Gemma3
from killah.gemma.trees import flat
from killah.training import data, lora, memory, optimiser
from killah.training.config import Config, Intruders, Lora
from killah.training.loss import token_nats

LENGTH = 128


def shape(layers=4, vocabulary=1000):
    return Shape(
        hidden_size=128,
        intermediate_size=512,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        vocab_size=vocabulary,
        sliding_window=4096,
        layer_types=["full_attention"] * layers,
        query_pre_attn_scalar=32,
    )


def settings(**changes):
    parts = {"rank": 8} | changes.pop("lora", {})
    defaults = {"data": Path(), "lora_parameters": Lora(**parts), "intruders": Intruders(watched=0)}
    return Config(**defaults | {"batch_size": 4} | changes)


def measured(form, config):
    """Bytes at the peak of one step."""
    model = Gemma3(form)
    lora.adapt(model, config.lora_parameters, config.num_layers, 0)
    adamw = optimiser.adamw(config)
    adamw.init(model.trainable_parameters())
    mx.eval(model.parameters(), adamw.state)
    model.train()
    ids = np.random.default_rng(0).integers(4, 256, (config.batch_size, LENGTH + 1)).astype(np.int32)
    batch = data.Batch(ids, np.ones_like(ids, bool), [])
    gradient = nn.value_and_grad(
        model, lambda b: mx.sum(token_nats(model, b, checkpoint=config.grad_checkpoint))
    )
    before = mx.get_active_memory() - sum(v.nbytes for v in flat(model.parameters()).values())
    before -= sum(v.nbytes for v in flat(adamw.state).values())
    mx.reset_peak_memory()
    loss, gradients = gradient(batch)
    mx.eval(loss, gradients)
    adamw.update(model, optimiser.clipped(gradients, optimiser.norms(gradients)["all"], config.clip))
    mx.eval(model.trainable_parameters(), adamw.state)
    return mx.get_peak_memory() - max(0, before)


@pytest.mark.parametrize(
    ("form", "config"),
    [
        (shape(), settings()),
        (shape(8), settings()),
        (shape(), settings(grad_checkpoint=True)),
        (shape(8), settings(grad_checkpoint=True)),
        (shape(vocabulary=16_000), settings()),
        (shape(), settings(lora={"rank": 256}, batch_size=1)),
        (shape(), settings(lora={"dropout": 0.0, "keys": ["self_attn.v_proj"]})),
        (shape(8), settings(num_layers=2)),
    ],
)
def test_the_formula_is_within_a_quarter_of_what_a_step_takes(form, config):
    weights = 4 * memory.base_parameters(form)
    estimate = memory.lora_step(memory.Step(form, config, LENGTH, weights, 4))
    assert estimate.total == pytest.approx(measured(form, config), rel=0.25)


def test_parameters_are_those_that_are_trained():
    form, config = shape(), settings(num_layers=3)
    model = Gemma3(form)
    lora.adapt(model, config.lora_parameters, config.num_layers, 0)
    trained = sum(v.size for v in flat(model.trainable_parameters()).values())
    assert memory.lora_parameters(form, config.lora_parameters, 3) == trained
    linear = [v.size for k, v in flat(model.parameters()).items() if v.ndim == 2 and "lora" not in k]
    assert memory.base_parameters(form) == sum(linear)


def remedies(limit, **changes):
    config = settings(**changes)
    return memory.remedies(memory.Step(shape(34), config, 1024, 0, 4), limit)


def test_what_costs_only_time_is_lowered_first():
    texts = [said.partition(" (")[0] for said in remedies(0)]
    assert texts[:4] == [
        "batch_size=2 grad_accumulation_steps=2",
        "batch_size=1 grad_accumulation_steps=4",
        "grad_checkpoint=true",
        "max_seq_length=512",
    ]
    assert texts[5:] == ["num_layers=8", "lora_parameters.keys=[self_attn.k_proj, self_attn.v_proj]"]
    assert remedies(0, batch_size=1, grad_checkpoint=True)[0].startswith("max_seq_length=512")


def test_no_more_is_lowered_than_needed():
    assert len(remedies(10**12)) == 1
    config = settings(batch_size=1, grad_accumulation_steps=4, grad_checkpoint=True)
    enough = memory.lora_step(memory.Step(shape(34), config, 1024, 0, 4)).total
    assert [said.partition("=")[0] for said in remedies(enough)] == [
        "batch_size",
        "batch_size",
        "grad_checkpoint",
    ]


def test_rows_a_step_stay_as_many():
    for said in remedies(0, batch_size=6, grad_accumulation_steps=2)[:2]:
        rows, passes = (int(part.partition("=")[2]) for part in said.partition(" (")[0].split())
        assert rows * passes == 12


def test_int4_takes_four_and_a_half_bits():
    """A scale and a bias of 16 bits for each 64 weights of 4."""
    form = shape()
    bits = 8 * memory.int4_bytes(form) / memory.base_parameters(form)
    assert bits == pytest.approx(4.5, abs=0.001)


def test_other_errors_are_not_taken_for_memory():
    assert not memory.exhausted(RuntimeError("[matmul] Last dimension must match"))
    assert not memory.exhausted(ValueError("malloc"))
    assert memory.exhausted(MemoryError())
    assert memory.free() > 0
