"""The fused checkpoint is base plus LoRAs, in a form that transformers and `models convert` both load."""

import json

import checkpoints
import loras
import mlx.core as mx
import numpy as np
import pytest

from killah.adapters.package import Adapter
from killah.errors import KillahError
from killah.export import fused
from killah.export.fused import Weighted, fuse
from killah.gemma import base
from killah.gemma.convert import convert
from killah.gemma.stack import AdapterStack, Blend

IDS = np.random.default_rng(0).integers(4, 256, 60).tolist()


@pytest.fixture(params=[None, 4], ids=["bfloat16", "INT4"])
def tiny(request, tmp_path):
    return loras.base(tmp_path / "tiny", request.param)


def pair(tiny):
    """Two adapters on different modules, so that some have one and some both."""
    first = Adapter(loras.card(tiny[1], "one"), loras.tensors(tiny[0], seed=1))
    only = ("k_proj", "down_proj")
    second = Adapter(loras.card(tiny[1], "two", target_modules=only), loras.tensors(tiny[0], only, seed=2))
    return [Weighted(first, 0.75), Weighted(second, 1.5)]


def logits(folder, loras=(), how="sum"):
    loaded = base.load(folder)
    stack = AdapterStack(loaded.model)
    for each in loras:
        stack.load(each.adapter.card.name, each.adapter.tensors, each.adapter.card.scale)
    stack.use(Blend(tuple((each.adapter.card.name, each.weight) for each in loras), how))
    return np.array(loaded.model(mx.array([IDS]))[0])


@pytest.mark.parametrize("how", ["sum", "pico"])
def test_transformers_computes_what_the_stack_computes(tiny, tmp_path, how):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    used = pair(tiny)
    folder = fuse(tiny[0], used, tmp_path / "out", dtype="float32", how=how)
    model = transformers.Gemma3ForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        theirs = model(torch.tensor([IDS])).logits[0].numpy()
    ours = logits(tiny[0], used, how)
    assert np.abs(ours - logits(tiny[0])).max() > 0.1
    assert np.abs(ours - theirs).max() < 1e-3


def test_it_converts_and_computes_the_same_within_bfloat16(tiny, tmp_path):
    used = pair(tiny)
    convert(fuse(tiny[0], used, tmp_path / "out"), tmp_path / "again", bits=None)
    expected, found = logits(tiny[0], used), logits(tmp_path / "again")
    effect = np.abs(expected - logits(tiny[0])).max()
    assert np.abs(expected - found).max() < 0.05 * effect


def test_without_loras_it_is_the_base(tmp_path):
    folder, _ = loras.base(tmp_path / "tiny")
    made = fuse(folder, [], tmp_path / "out")
    written = mx.load(str(made / "model.safetensors"))
    for name, value in checkpoints.tensors().items():
        assert written[name].dtype == mx.bfloat16
        assert mx.array_equal(written[name], value)


def test_shards_and_blocks_change_nothing(tiny, tmp_path, monkeypatch):
    used = pair(tiny)
    whole = mx.load(str(fuse(tiny[0], used, tmp_path / "whole") / "model.safetensors"))
    monkeypatch.setattr(fused, "SHARD_BYTES", 50_000)
    monkeypatch.setattr(fused, "BLOCK_ITEMS", 1000)
    seen = []
    folder = fuse(tiny[0], used, tmp_path / "parts", progress=lambda done, total: seen.append((done, total)))
    places = json.loads((folder / "model.safetensors.index.json").read_text())["weight_map"]
    assert len(set(places.values())) > 2
    for name, file in places.items():
        assert mx.allclose(mx.load(str(folder / file))[name], whole[name], rtol=1e-2, atol=1e-6)
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]
    convert(folder, tmp_path / "again", bits=None)


def test_the_folder_is_private_and_says_what_it_is_made_of(tiny, tmp_path):
    folder = fuse(tiny[0], pair(tiny), tmp_path / "out")
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    record = json.loads((folder / "fused.json").read_text())
    assert record["base_fingerprint"] == tiny[1].fingerprint
    assert [(each["name"], each["weight"]) for each in record["adapters"]] == [("one", 0.75), ("two", 1.5)]
    config = json.loads((folder / "config.json").read_text())
    assert config["dtype"] == "bfloat16"
    assert "quantization" not in config


def test_only_a_fused_model_is_replaced(tiny, tmp_path):
    fuse(tiny[0], pair(tiny), tmp_path / "out")
    with pytest.raises(KillahError, match="exists already"):
        fuse(tiny[0], [], tmp_path / "out")
    fuse(tiny[0], [], tmp_path / "out", force=True)
    for other in (tiny[0], checkpoints.write(tmp_path / "source")):
        with pytest.raises(KillahError, match="is something else"):
            fuse(tiny[0], [], other, force=True)


def test_adapters_of_another_base_or_kind_are_refused(tiny, tmp_path):
    used = pair(tiny)
    used[1].adapter.card = used[1].adapter.card.model_copy(update={"base_fingerprint": "0" * 64})
    with pytest.raises(KillahError, match="two was made for other weights of tiny"):
        fuse(tiny[0], used, tmp_path / "out")
    mix = Adapter(loras.card(tiny[1], kind="mix", members=["a"]), {})
    with pytest.raises(KillahError, match="is a mix"):
        fuse(tiny[0], [Weighted(mix)], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_memory_holds_a_few_tensors_and_not_the_model(tmp_path):
    """A base of 110 MB in float32 passes through less than 25 MB: its largest matrix has 4 MB."""
    config = checkpoints.CONFIG | {"hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 8}
    config |= {"layer_types": config["layer_types"][:1] * 8}
    source = checkpoints.write(tmp_path / "source", checkpoints.tensors(config), config)
    about = convert(source, tmp_path / "large", bits=None)
    assert about.parameters * 4 > 100e6
    adapter = Adapter(loras.card(about), loras.tensors(tmp_path / "large"))
    mx.eval(adapter.tensors)
    mx.reset_peak_memory()
    before = mx.get_active_memory()
    fuse(tmp_path / "large", [Weighted(adapter)], tmp_path / "out", dtype="float32")
    assert mx.get_peak_memory() - before < 25e6
