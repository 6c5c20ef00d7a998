"""Adapters on a base: nothing where nothing is taken in, exact sums, switching while the model runs."""

import checkpoints
import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest

from killah.errors import KillahError
from killah.gemma import stack as stacks
from killah.gemma.adapted import find_linear, linear_shape
from killah.gemma.gemma3 import Config, Gemma3
from killah.gemma.stack import NOTHING, AdapterStack, Blend

KEYS = ("self_attn.k_proj", "self_attn.o_proj", "mlp.up_proj")
IDS = mx.array([[2, *range(10, 40)]])


@pytest.fixture(params=["folded", "slots", "int4"])
def model(request, monkeypatch) -> Gemma3:
    """A tiny base in float32, in both ways of computing, and in INT4."""
    values = checkpoints.CONFIG | {"rope_theta": 1e6, "rope_local_base_freq": 1e4}
    model = Gemma3(Config.read(values))
    model.load_weights([(k, v.astype(mx.float32)) for k, v in checkpoints.tensors().items()])
    if request.param == "slots":
        monkeypatch.setattr(stacks, "FOLD_LIMIT", 0)
    if request.param == "int4":
        nn.quantize(model, group_size=32, bits=4)
    return model


def adapter(model: Gemma3, seed: int, rank: int = 4, keys: tuple[str, ...] = KEYS) -> dict[str, mx.array]:
    tensors, noise = {}, iter(mx.random.split(mx.random.key(seed), 100))
    for i in range(len(model.model.layers)):
        for key in keys:
            path = f"model.layers.{i}.{key}"
            layer = find_linear(model, path)
            width, out = linear_shape(layer if layer is not None else adapted(model, path))
            tensors[f"{path}.lora_a"] = mx.random.normal((width, rank), key=next(noise)) * width**-0.5
            tensors[f"{path}.lora_b"] = 0.1 * mx.random.normal((rank, out), key=next(noise))
    return tensors


def adapted(model: Gemma3, path: str) -> nn.Module:
    found = model
    for part in path.split("."):
        found = found[int(part)] if isinstance(found, list) else getattr(found, part)
    return found


def logits(model: Gemma3) -> np.ndarray:
    return np.array(model(IDS))


def both(merge: str = "sum") -> Blend:
    return Blend((("one", 1.0), ("two", 1.0)), merge)


def loaded(model: Gemma3, *names: str) -> AdapterStack:
    stack = AdapterStack(model)
    for seed, name in enumerate(names):
        stack.load(name, adapter(model, seed), 2.0)
    return stack


def test_with_nothing_taken_in_a_stack_is_its_base_bit_for_bit(model):
    before = logits(model)
    stack = loaded(model, "one", "two")
    assert np.array_equal(logits(model), before)
    stack.use(both())
    assert not np.allclose(logits(model), before, atol=1e-3)
    for nothing in (NOTHING, Blend((("one", 0.0), ("two", 0.0)))):
        stack.use(both())
        stack.use(nothing)
        assert np.array_equal(logits(model), before)


def test_an_adapter_is_what_its_formula_says(model):
    tensors = adapter(model, 3)
    path = "model.layers.1.mlp.up_proj"
    x = mx.random.normal((1, 5, 64), key=mx.random.key(1))
    base = find_linear(model, path)
    assert base is not None
    expected = base(x) + 0.5 * 2.0 * (x @ tensors[f"{path}.lora_a"]) @ tensors[f"{path}.lora_b"]
    stack = AdapterStack(model)
    stack.load("one", tensors, 2.0)
    stack.use(Blend((("one", 0.5),)))
    np.testing.assert_allclose(np.array(adapted(model, path)(x)), np.array(expected), atol=2e-5)


def test_two_adapters_add_up_to_the_sum_of_their_deltas(model):
    stack = loaded(model, "one", "two")
    path, x = "model.layers.0.self_attn.k_proj", mx.random.normal((1, 5, 64), key=mx.random.key(1))
    layer = adapted(model, path)

    def delta(*names: str) -> np.ndarray:
        stack.use(NOTHING)
        base = layer(x)
        stack.use(Blend(tuple((name, 1.0) for name in names)))
        return np.array(layer(x) - base)

    np.testing.assert_allclose(delta("one", "two"), delta("one") + delta("two"), atol=2e-5)


def test_adapters_of_different_ranks_and_layers_stand_side_by_side(model):
    alone = AdapterStack(model)
    alone.load("small", adapter(model, 5, rank=2, keys=("mlp.up_proj",)), 1.0)
    alone.use(Blend((("small", 1.0),)))
    expected = logits(model)
    alone.load("large", adapter(model, 6, rank=9), 1.0)  # slots get wider while one is in use
    np.testing.assert_allclose(logits(model), expected, atol=1e-5)
    alone.use(Blend((("small", 1.0), ("large", 1.0))))
    assert not np.allclose(logits(model), expected, atol=1e-3)
    alone.unload("large")
    alone.use(Blend((("small", 1.0),)))
    np.testing.assert_allclose(logits(model), expected, atol=1e-5)


def test_a_freed_slot_holds_nothing_of_its_last_adapter(model):
    stack = loaded(model, "one")
    stack.unload("one")
    stack.load("two", adapter(model, 9, rank=2), 2.0)  # narrower than what was there
    stack.use(Blend((("two", 1.0),)))
    path, x = "model.layers.0.mlp.up_proj", mx.random.normal((1, 5, 64), key=mx.random.key(1))
    layer, tensors = adapted(model, path), adapter(model, 9, rank=2)
    expected = layer.base(x) + 2.0 * (x @ tensors[f"{path}.lora_a"]) @ tensors[f"{path}.lora_b"]
    np.testing.assert_allclose(np.array(layer(x)), np.array(expected), atol=2e-5)


def test_slots_are_reused(model):
    stack = loaded(model, "one", "two")
    width = adapted(model, "model.layers.0.mlp.up_proj").a.shape
    stack.unload("one")
    stack.load("three", adapter(model, 9), 2.0)
    assert adapted(model, "model.layers.0.mlp.up_proj").a.shape == width


def test_fingerprints_tell_every_difference_that_keys_and_values_depend_on(model):
    stack = loaded(model, "one", "two")
    blends = [
        NOTHING,
        Blend((("one", 1.0),)),
        Blend((("one", 0.5),)),
        both(),
        both("pico"),
        Blend((("one", 1.0), ("two", 1.0)), "cat", {"model.layers.0.mlp.up_proj": (0.0, 1.0)}),
        Blend((("one", 1.0), ("two", 1.0)), "cat", {"model.layers.0.mlp.up_proj": (1.0, 0.0)}),
    ]
    marks = [stack.identify(blend) for blend in blends]
    assert len(set(marks)) == len(marks)
    assert stack.identify(Blend((("one", 0.0),))) == stack.identify(NOTHING)
    stack.unload("one")
    stack.load("one", adapter(model, 77), 2.0)  # another adapter of that name
    assert stack.identify(both()) not in marks


def test_a_learned_mixture_weighs_each_layer(model):
    stack = loaded(model, "one", "two")
    path, x = "model.layers.2.mlp.up_proj", mx.random.normal((1, 5, 64), key=mx.random.key(1))
    layer = adapted(model, path)
    base = np.array(layer(x))
    stack.use(Blend((("one", 1.0),)))
    one = np.array(layer(x)) - base
    stack.use(Blend((("two", 1.0),)))
    two = np.array(layer(x)) - base
    scores = {path: (float(np.log(3.0)), 0.0)}  # softmax: 3/4 and 1/4
    stack.use(Blend((("one", 1.0), ("two", 1.0)), "cat", scores))
    np.testing.assert_allclose(np.array(layer(x)) - base, 0.75 * one + 0.25 * two, atol=2e-5)


def test_pico_on_a_layer_has_the_mean_norm_of_the_deltas(model):
    stack = loaded(model, "one", "two")
    path = "model.layers.0.mlp.up_proj"
    layer, eye = adapted(model, path), mx.eye(64)[None]
    base = np.array(layer(eye))
    norms = []
    for blend in (Blend((("one", 1.0),)), Blend((("two", 1.0),)), both("pico")):
        stack.use(blend)
        norms.append(np.linalg.norm(np.array(layer(eye)) - base))
    assert norms[2] == pytest.approx((norms[0] + norms[1]) / 2, rel=1e-3)


@pytest.mark.parametrize("break_it", ["no such layer", "wrong width", "no b"])
def test_an_adapter_for_another_base_is_refused(model, break_it):
    tensors = adapter(model, 0)
    key = "model.layers.0.mlp.up_proj"
    if break_it == "no such layer":
        tensors["model.layers.9.mlp.up_proj.lora_a"] = tensors[f"{key}.lora_a"]
    elif break_it == "wrong width":
        tensors[f"{key}.lora_a"] = mx.zeros((32, 4))
    else:
        del tensors[f"{key}.lora_b"]
    stack = AdapterStack(model)
    before = logits(model)
    with pytest.raises(KillahError, match="does not fit this base"):
        stack.load("one", tensors, 1.0)
    assert np.array_equal(logits(model), before)
    assert stack.names == []


def test_names_are_told_apart(model):
    stack = loaded(model, "one")
    with pytest.raises(KillahError, match="loaded already"):
        stack.load("one", adapter(model, 4), 1.0)
    with pytest.raises(KillahError, match="No adapter 'two'"):
        stack.use(both())
    with pytest.raises(KillahError, match="No adapter 'two'"):
        stack.unload("two")
