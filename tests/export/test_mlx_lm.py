"""An adapter computes the same in mlx-lm as here, and comes back bit for bit."""

import json

import loras
import mlx.core as mx
import numpy as np
import pytest

from killah.adapters.package import Adapter, save
from killah.errors import KillahError
from killah.export import mlx_lm
from killah.gemma import base
from killah.gemma.stack import AdapterStack, Blend

IDS = np.random.default_rng(0).integers(4, 256, 60).tolist()


@pytest.fixture
def tiny(tmp_path):
    return loras.base(tmp_path / "tiny")


def adapter(tiny, dtype=mx.float32, **changes):
    return Adapter(loras.card(tiny[1], **changes), loras.tensors(tiny[0], dtype=dtype))


def edit(folder, **changes):
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("layers", [(0, 1, 2), (0,)])
def test_the_same_logits_in_mlx_lm(tiny, tmp_path, layers):
    """Also with an adapter of the first layer only: mlx-lm counts layers from the end."""
    from mlx.utils import tree_map
    from mlx_lm import utils

    made = adapter(tiny)
    for name in list(made.tensors):
        if int(name.split(".")[2]) not in layers:
            del made.tensors[name]
    folder = mlx_lm.write(made, tmp_path / "out")
    model, _ = utils.load_model(tiny[0])
    model.update(tree_map(lambda value: value.astype(mx.float32), model.parameters()))
    alone = np.array(model(mx.array([IDS]))[0])
    theirs = np.array(utils.load_adapters(model, str(folder))(mx.array([IDS]))[0])

    loaded = base.load(tiny[0])
    stack = AdapterStack(loaded.model)
    stack.load("terse", made.tensors, 2.0)
    stack.use(Blend((("terse", 1.0),)))
    ours = np.array(loaded.model(mx.array([IDS]))[0])
    assert np.abs(theirs - alone).max() > 0.1
    assert np.abs(ours - theirs).max() < 1e-3


@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16, mx.float32])
def test_a_round_trip_is_exact(tiny, tmp_path, dtype):
    made = adapter(tiny, dtype)
    found = mlx_lm.read(mlx_lm.write(made, tmp_path / "out"))
    assert found.tensors.keys() == made.tensors.keys()
    for name, value in made.tensors.items():
        assert found.tensors[name].dtype == dtype
        assert mx.array_equal(found.tensors[name], value)
    assert (found.rank, found.scale) == (loras.RANK, 2.0)


def test_what_mlx_lm_trains_is_read(tiny, tmp_path):
    """Written by mlx-lm's own functions, with its short keys and only the last two layers."""
    from mlx.utils import tree_flatten
    from mlx_lm import utils
    from mlx_lm.tuner.utils import linear_to_lora_layers

    config = {"rank": 4, "scale": 20.0, "dropout": 0.0, "keys": ["self_attn.q_proj", "mlp.down_proj"]}
    model, _ = utils.load_model(tiny[0])
    model.freeze()
    linear_to_lora_layers(model, 2, config)
    weights = dict(tree_flatten(model.trainable_parameters()))
    (tmp_path / "out").mkdir()
    mx.save_safetensors(str(tmp_path / "out" / mlx_lm.WEIGHTS), weights)
    about = {"fine_tune_type": "lora", "num_layers": 2, "lora_parameters": config}
    (tmp_path / "out" / "adapter_config.json").write_text(json.dumps(about))
    found = mlx_lm.read(tmp_path / "out")
    assert found.tensors.keys() == weights.keys()
    assert len(weights) == 2 * 2 * 2
    assert found.scale == 20.0


def test_adapters_of_the_multimodal_model_are_read(tiny, tmp_path):
    made = adapter(tiny)
    folder = mlx_lm.write(made, tmp_path / "out")
    (folder / mlx_lm.WEIGHTS).unlink()
    save(folder / mlx_lm.WEIGHTS, {f"language_model.{name}": value for name, value in made.tensors.items()})
    assert mlx_lm.read(folder).tensors.keys() == made.tensors.keys()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"fine_tune_type": "dora"}, "its fine_tune_type is dora"),
        ({"fine_tune_type": "full"}, "its fine_tune_type is full"),
        ({"fine_tune_type": None, "use_dora": True}, "its fine_tune_type is dora"),
        ({"lora_parameters": None}, "has no lora_parameters"),
        ({"lora_parameters": {"rank": 4, "alpha": 8}}, "no usable scale"),
        ({"lora_parameters": {"rank": 2.5, "scale": 8}}, "no usable rank"),
    ],
)
def test_what_is_no_plain_lora_is_refused(tiny, tmp_path, changes, why):
    folder = mlx_lm.write(adapter(tiny), tmp_path / "out")
    edit(folder, **changes)
    with pytest.raises(KillahError, match=rf"out cannot be imported: .*{why}.*\. Killah imports plain LoRAs"):
        mlx_lm.read(folder)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("model.layers.0.self_attn.k_proj.m", "no part of a plain LoRA"),
        ("model.embed_tokens.lora_a", "it adapts model.embed_tokens"),
    ],
)
def test_unknown_tensors_are_refused(tiny, tmp_path, name, why):
    folder = mlx_lm.write(adapter(tiny), tmp_path / "out")
    (folder / mlx_lm.WEIGHTS).unlink()
    save(folder / mlx_lm.WEIGHTS, {name: mx.zeros((2, 2))})
    with pytest.raises(KillahError, match=why):
        mlx_lm.read(folder)
