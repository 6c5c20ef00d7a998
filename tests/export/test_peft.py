"""An adapter computes the same in PEFT as here, and comes back bit for bit."""

import json
from pathlib import Path

import loras
import mlx.core as mx
import numpy as np
import pytest

from killah.adapters.package import Adapter, save
from killah.errors import KillahError
from killah.export import peft
from killah.gemma import base
from killah.gemma.convert import convert
from killah.gemma.stack import AdapterStack, Blend
from killah.hub.files import read_json

NANO = Path(__file__).parent.parent.parent / "weights" / "pushkin-nano"
IDS = np.random.default_rng(0).integers(10, 8000, 300).tolist()


@pytest.fixture
def tiny(tmp_path):
    return loras.base(tmp_path / "tiny")


def adapter(tiny, dtype=mx.float32, **changes):
    return Adapter(loras.card(tiny[1], **changes), loras.tensors(tiny[0], dtype=dtype))


def edit(folder, **changes):
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


# PEFT 0.21 asks transformers 5.23 by an old name.
@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
@pytest.mark.parametrize("rslora", [False, True])
def test_the_same_logits_in_transformers_and_peft(tmp_path, rslora):
    """float32, 300 tokens (past the sliding window of 256); the base alone differs by more than 1."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    reference = pytest.importorskip("peft", reason="pip install peft")
    if not (NANO / "model.safetensors").exists():
        pytest.skip("the weights pushkin-nano was converted from are not here")
    about = convert(NANO, tmp_path / "nano", bits=None)
    card = loras.card(about, rank=16, alpha=16.0, scale=4.0 if rslora else 1.0, rslora=rslora)
    tensors = loras.tensors(tmp_path / "nano", rank=16)
    folder = peft.write(Adapter(card, tensors), tmp_path / "adapter")

    model = transformers.Gemma3ForCausalLM.from_pretrained(NANO, dtype=torch.float32)
    with torch.no_grad():
        alone = model(torch.tensor([IDS])).logits[0].numpy()
        model = reference.PeftModel.from_pretrained(model, folder).eval()
        theirs = model(torch.tensor([IDS])).logits[0].numpy()

    loaded = base.load(tmp_path / "nano")
    stack = AdapterStack(loaded.model)
    stack.load("terse", tensors, card.scale)
    stack.use(Blend((("terse", 1.0),)))
    ours = np.array(loaded.model(mx.array([IDS]))[0])
    assert np.abs(theirs - alone).max() > 1
    assert np.abs(ours - theirs).max() < 1e-3


@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16, mx.float32])
def test_a_round_trip_is_exact(tiny, tmp_path, dtype):
    made = adapter(tiny, dtype, alpha=6.0, scale=3.0, rslora=True)
    found = peft.read(peft.write(made, tmp_path / "out"))
    assert found.tensors.keys() == made.tensors.keys()
    for name, value in made.tensors.items():
        assert found.tensors[name].dtype == dtype
        assert mx.array_equal(found.tensors[name], value)
    assert (found.rank, found.alpha, found.scale, found.rslora) == (loras.RANK, 6.0, 3.0, True)


def test_a_scale_without_its_alpha_is_kept(tiny, tmp_path):
    made = adapter(tiny, alpha=None, scale=0.37)
    assert peft.read(peft.write(made, tmp_path / "out")).scale == pytest.approx(0.37, rel=1e-15)


def test_uneven_modules_are_named_one_by_one(tiny, tmp_path):
    """PEFT would else make adapters on the missing ones too, and warn."""
    made = adapter(tiny)
    even = json.loads((peft.write(made, tmp_path / "even") / "adapter_config.json").read_text())
    assert (even["target_modules"], even["layers_to_transform"]) == (sorted(loras.TARGETS), [0, 1, 2])
    for half in "ab":
        del made.tensors[f"model.layers.1.mlp.up_proj.lora_{half}"]
    uneven = json.loads((peft.write(made, tmp_path / "uneven") / "adapter_config.json").read_text())
    assert len(uneven["target_modules"]) == 3 * len(loras.TARGETS) - 1
    assert "model.layers.0.mlp.up_proj" in uneven["target_modules"]
    assert "layers_to_transform" not in uneven


@pytest.mark.parametrize("inner", ["model.language_model.", "language_model.model."])
def test_adapters_of_the_multimodal_model_are_read(tiny, tmp_path, inner):
    made = adapter(tiny)
    folder = peft.write(made, tmp_path / "out")
    weights = mx.load(str(folder / peft.WEIGHTS))
    renamed = {
        name.replace("base_model.model.model.", f"base_model.model.{inner}"): v for name, v in weights.items()
    }
    mx.eval(renamed)
    (folder / peft.WEIGHTS).unlink()
    save(folder / peft.WEIGHTS, renamed)
    assert peft.read(folder).tensors.keys() == made.tensors.keys()


def test_what_another_program_needs_to_know_is_there(tiny, tmp_path):
    folder = peft.write(adapter(tiny), tmp_path / "out")
    names = ["README.md", "adapter_config.json", peft.WEIGHTS]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert "license: CC0-1.0" in (folder / "README.md").read_text()
    assert read_json(folder / "adapter_config.json")["base_model_name_or_path"] == "tiny"


# Refusals


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"peft_type": "IA3"}, "it is a IA3 adapter"),
        ({"modules_to_save": ["lm_head"]}, "it uses modules_to_save"),
        ({"use_dora": True}, "it uses use_dora"),
        ({"fan_in_fan_out": True}, "it uses fan_in_fan_out"),
        ({"lora_bias": True}, "it uses lora_bias"),
        ({"bias": "all"}, r"trained biases \(bias: all\)"),
        ({"rank_pattern": {"k_proj": 8}}, "its layers differ in rank"),
        ({"alpha_pattern": {"k_proj": 1}}, "its layers differ in alpha"),
        ({"alpha_pattern": {"k_proj": [1]}}, "its layers differ in alpha"),
        ({"init_lora_weights": "pissa"}, "it began with pissa, which changes the base's weights"),
        ({"r": 0}, "no usable r"),
        ({"lora_alpha": "much"}, "no usable lora_alpha"),
        ({"lora_alpha": float("nan")}, "no usable lora_alpha"),
    ],
)
def test_what_is_no_plain_lora_is_refused(tiny, tmp_path, changes, why):
    folder = peft.write(adapter(tiny), tmp_path / "out")
    edit(folder, **changes)
    with pytest.raises(KillahError, match=rf"out cannot be imported: .*{why}.*\. Killah imports plain LoRAs"):
        peft.read(folder)


def test_patterns_that_change_nothing_are_accepted(tiny, tmp_path):
    folder = peft.write(adapter(tiny), tmp_path / "out")
    edit(folder, rank_pattern={"k_proj": loras.RANK}, alpha_pattern={"k_proj": 2.0 * loras.RANK})
    assert peft.read(folder).rank == loras.RANK


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("base_model.model.model.layers.0.self_attn.k_proj.lora_magnitude_vector", "no part of a plain LoRA"),
        ("base_model.model.lm_head.lora_A.weight", "it adapts lm_head, which is no linear layer"),
        (
            "base_model.model.model.vision_tower.layers.0.self_attn.k_proj.lora_A.weight",
            "it adapts .*vision_tower",
        ),
    ],
)
def test_unknown_tensors_are_refused(tiny, tmp_path, name, why):
    folder = peft.write(adapter(tiny), tmp_path / "out")
    (folder / peft.WEIGHTS).unlink()
    save(folder / peft.WEIGHTS, {name: mx.zeros((2, 2))})
    with pytest.raises(KillahError, match=why):
        peft.read(folder)


def test_a_pickle_is_refused(tiny, tmp_path):
    folder = peft.write(adapter(tiny), tmp_path / "out")
    (folder / peft.WEIGHTS).rename(folder / "adapter_model.bin")
    with pytest.raises(
        KillahError, match=r"adapter_model\.bin, a pickle.*Take or save the adapter as \.safetensors"
    ):
        peft.read(folder)


def test_only_loras_are_exported(tiny, tmp_path):
    mix = Adapter(loras.card(tiny[1], kind="mix", members=["a"]), {})
    with pytest.raises(KillahError, match="is a mix; only LoRAs"):
        peft.write(mix, tmp_path / "out")
    assert not (tmp_path / "out").exists()
