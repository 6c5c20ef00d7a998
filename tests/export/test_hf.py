"""A checkpoint of a composition is base plus LoRAs, and transformers and `models convert` both load it."""

import json

import checkpoints
import loras
import mlx.core as mx
import numpy as np
import pytest

from killah.adapters.package import Adapter
from killah.errors import KillahError
from killah.export import checking, hf, weights
from killah.export.composed import Composed, Weighted
from killah.gemma import base
from killah.gemma.convert import convert
from killah.gemma.stack import AdapterStack

IDS = np.random.default_rng(0).integers(4, 256, 60).tolist()


@pytest.fixture(params=[None, 4], ids=["bfloat16", "INT4"])
def tiny(request, tmp_path):
    return loras.base(tmp_path / "tiny", request.param)


def pair(tiny, how="sum", scores=None):
    """Two adapters on different modules, so that some have one and some both."""
    first = Adapter(loras.card(tiny[1], "one"), loras.tensors(tiny[0], seed=1))
    only = ("k_proj", "down_proj")
    second = Adapter(loras.card(tiny[1], "two", target_modules=only), loras.tensors(tiny[0], only, seed=2))
    return Composed(*tiny, "both", (Weighted(first, 0.75), Weighted(second, 1.5)), how, scores)


def model(composed):
    loaded = base.load(composed.folder)
    stack = AdapterStack(loaded.model)
    for each in composed.loras:
        stack.load(each.adapter.card.name, each.adapter.tensors, each.adapter.card.scale)
    stack.use(composed.blend)
    return loaded.model


def logits(composed):
    return np.array(model(composed)(mx.array([IDS]))[0])


def learned(tiny):
    """A mixture's scores: known on the first two layers only, and there only the first adapter in some."""
    modules = {name.rpartition(".")[0] for name in loras.tensors(tiny[0], (*loras.TARGETS, "down_proj"))}
    return {
        name: (0.5, np.nan if name.endswith("v_proj") else -0.25)
        for name in modules
        if not name.startswith("model.layers.2")
    }


@pytest.mark.parametrize("how", ["sum", "pico", "cat"])
def test_transformers_computes_and_writes_what_the_stack_does(tiny, tmp_path, how):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    used = pair(tiny, how, learned(tiny) if how == "cat" else None)
    folder = hf.write(used, tmp_path / "out")
    theirs = hf.logits(folder, IDS, len(IDS))
    ours, plain = logits(used), logits(Composed(*tiny))
    assert np.abs(ours - plain).max() > 0.1
    assert np.abs(ours - theirs).max() < 1e-3
    loaded = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    written = loaded.generate(torch.tensor([IDS]), max_new_tokens=16, do_sample=False, eos_token_id=None)
    assert written[0].tolist() == IDS + greedy(model(used), 16)


def greedy(model, count):
    ids = list(IDS)
    for _ in range(count):
        ids.append(int(model(mx.array([ids]))[0, -1].argmax().item()))
    return ids[len(IDS) :]


def test_transformers_reads_the_tokenizer(tiny, tmp_path):
    transformers = pytest.importorskip("transformers")
    folder = hf.write(pair(tiny), tmp_path / "out")
    theirs = transformers.AutoTokenizer.from_pretrained(folder)
    ids = base.load(tiny[0]).tokenizer.encode(hf.SAMPLE)
    assert theirs.encode(hf.SAMPLE, add_special_tokens=False) == ids
    assert theirs.decode(ids) == hf.SAMPLE
    hf.check_tokenizer(folder)
    (folder / "tokenizer_config.json").unlink()
    with pytest.raises(KillahError, match="reads text from the export as other tokens"):
        hf.check_tokenizer(folder)


def test_it_converts_and_computes_the_same_within_bfloat16(tiny, tmp_path):
    used = pair(tiny)
    about = convert(hf.write(used, tmp_path / "out", dtype="bfloat16"), tmp_path / "again", bits=None)
    expected, found = logits(used), logits(Composed(tmp_path / "again", about))
    effect = np.abs(expected - logits(Composed(*tiny))).max()
    assert np.abs(expected - found).max() < 0.05 * effect


def test_without_loras_it_is_the_base(tmp_path):
    made = hf.write(Composed(*loras.base(tmp_path / "tiny")), tmp_path / "out", dtype="bfloat16")
    written = mx.load(str(made / "model.safetensors"))
    for name, value in checkpoints.tensors().items():
        assert written[name].dtype == mx.bfloat16
        assert mx.array_equal(written[name], value)


def test_shards_and_blocks_change_nothing(tiny, tmp_path, monkeypatch):
    used = pair(tiny)
    whole = mx.load(str(hf.write(used, tmp_path / "whole") / "model.safetensors"))
    monkeypatch.setattr(hf, "SHARD_BYTES", 100_000)
    monkeypatch.setattr(weights, "BLOCK_ITEMS", 1000)
    seen = []
    folder = hf.write(used, tmp_path / "parts", progress=lambda done, total: seen.append((done, total)))
    places = json.loads((folder / "model.safetensors.index.json").read_text())["weight_map"]
    assert len(set(places.values())) > 2
    for name, file in places.items():
        assert mx.allclose(mx.load(str(folder / file))[name], whole[name], rtol=1e-5, atol=1e-6)
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] == hf.size(used)
    convert(folder, tmp_path / "again", bits=None)


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
    hf.write(Composed(tmp_path / "large", about, "terse", (Weighted(adapter),)), tmp_path / "out")
    assert mx.get_peak_memory() - before < 25e6


def test_the_check_compares_past_the_sliding_window(tiny):
    ids = checking.tokens(pair(tiny))
    assert len(ids) > checkpoints.CONFIG["sliding_window"] + 60
    alone, ours = checking.reference(pair(tiny), ids, 8)
    assert ours.shape == (8, checkpoints.CONFIG["vocab_size"])
    assert np.abs(ours - alone).max() > 0.1
