"""What a composition is in other programs: its LoRAs with their weights, or all of them as one LoRA."""

import loras
import mlx.core as mx
import numpy as np
import pytest

from killah import paths
from killah.adapters import package
from killah.errors import KillahError
from killah.export import composed
from killah.gemma import base
from killah.gemma.stack import AdapterStack

IDS = mx.array([np.random.default_rng(0).integers(4, 256, 40).tolist()])


@pytest.fixture
def tiny(home, tmp_path, monkeypatch):
    """A base with three adapters, one of them a persona's own."""
    monkeypatch.setattr(paths, "shipped", lambda kind: tmp_path / "shipped" / kind)
    made = loras.base(paths.models_dir() / "tiny")
    for seed, name in enumerate(("terse", "loud", "persona-saki")):
        put(made, loras.card(made[1], name, scale=0.5 + seed), loras.tensors(made[0], seed=seed))
    return made


def put(made, card, tensors):
    package.write(paths.adapters_dir() / "tiny" / card.name, card, tensors)


def logits(made, each):
    model = base.load(made[0]).model
    stack = AdapterStack(model)
    for lora in each.loras:
        stack.load(lora.adapter.card.name, lora.adapter.tensors, lora.adapter.card.scale)
    stack.use(each.blend)
    return np.array(model(IDS)[0])


def names(each):
    return {lora.adapter.card.name: lora.weight for lora in each.loras}


def test_what_is_not_installed_takes_no_part_unless_it_is_needed(tiny):
    assert names(composed.gather(tiny[0], {"terse": 0.5, "dictation": 1.0, "loud": 0.0})) == {"terse": 0.5}
    with pytest.raises(KillahError, match="no adapter 'dictation' for tiny"):
        composed.gather(tiny[0], {"dictation": 1.0}, required=["dictation"])


def test_a_persona_of_ones_own_stands_in_the_personas_place(tiny):
    assert names(composed.gather(tiny[0], {"persona": 0.25}, persona="saki")) == {"persona-saki": 0.25}
    # The shipped persona adapter may count nothing in a task; somebody's own still counts.
    assert names(composed.gather(tiny[0], {"persona": 0.0}, persona="saki")) == {"persona-saki": 1.0}
    with pytest.raises(KillahError, match="no adapter 'persona-wells'"):
        composed.gather(tiny[0], {}, persona="wells")


@pytest.mark.parametrize("how", ["sum", "pico"])
def test_several_as_one_lora_compute_the_same(tiny, how):
    both = composed.gather(tiny[0], {"terse": 0.7, "loud": 1.5}, how)
    one = both.as_adapter()
    assert (one.card.rank, one.card.scale) == (2 * loras.RANK, 1.0)
    package.check(one.card, package.specs(one.tensors), tiny[0])
    single = composed.Composed(*tiny, "one", (composed.Weighted(one),))
    ours = logits(tiny, both)
    assert np.abs(ours - logits(tiny, composed.Composed(*tiny))).max() > 0.1
    assert np.abs(ours - logits(tiny, single)).max() < 1e-3


def test_a_learned_mixture_is_dealt_out_layer_by_layer(tiny):
    """A mixture that gives everything to one of two: then it is as if that were alone."""
    modules = [name.removesuffix(".lora_a") for name in loras.tensors(tiny[0]) if name.endswith("a")]
    card = loras.card(tiny[1], "both-mix", kind="mix", members=["loud", "terse"])
    put(tiny, card, {f"{name}.scores": mx.array([40.0, -40.0]) for name in modules})
    mixed = composed.gather(tiny[0], {"terse": 1.0, "loud": 1.0}, "cat", mix="both-mix")
    alone = composed.gather(tiny[0], {"loud": 1.0})
    assert mixed.merge == "cat"
    assert np.abs(logits(tiny, mixed) - logits(tiny, alone)).max() < 1e-4
    one = composed.Composed(*tiny, "one", (composed.Weighted(mixed.as_adapter()),))
    assert np.abs(logits(tiny, one) - logits(tiny, alone)).max() < 1e-3


def test_a_single_adapter_stays_as_it_is(tiny):
    """Also of a mixture with one member left: bit for bit, so that it comes back the same."""
    modules = [name.removesuffix(".lora_a") for name in loras.tensors(tiny[0]) if name.endswith("a")]
    card = loras.card(tiny[1], "mix", kind="mix", members=["terse", "persona"])
    put(tiny, card, {f"{name}.scores": mx.zeros((2,)) for name in modules})
    one = composed.gather(tiny[0], {"terse": 1.0, "persona": 1.0}, "cat", mix="mix").as_adapter()
    assert one.card == package.read(paths.adapters_dir() / "tiny" / "terse").card
    with pytest.raises(KillahError, match="tiny has no LoRA"):
        composed.gather(tiny[0], {}).as_adapter()


def test_only_loras_of_this_base_take_part(tiny):
    put(tiny, loras.card(tiny[1], "mix", kind="mix", members=["a"]), {"x.scores": mx.zeros((1,))})
    with pytest.raises(KillahError, match="is a mix"):
        composed.gather(tiny[0], {"mix": 1.0})
    card = loras.card(tiny[1], "other", base_fingerprint="0" * 64)
    put(tiny, card, loras.tensors(tiny[0]))
    with pytest.raises(KillahError, match="made for other weights of tiny"):
        composed.gather(tiny[0], {"other": 1.0})


def test_a_list_of_adapters_is_read():
    assert composed.parse("rephrase=1, persona=0.5,story") == {"rephrase": 1.0, "persona": 0.5, "story": 1.0}


@pytest.mark.parametrize("text", ["terse=much", "terse=nan", "terse=inf", "terse=", "=1", "a,,b"])
def test_a_weight_is_a_number(text):
    with pytest.raises(KillahError, match="gives no adapter with a weight"):
        composed.parse(text)
