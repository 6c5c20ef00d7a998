"""What is lowered must first compute what MLX computes: positions, windows, adapters, both attentions."""

import mlx.core as mx
import numpy as np
import pytest
import torch
from export.executorch import bundles

from killah.export.composed import Composed, gather
from killah.export.executorch import parts, slot
from killah.export.executorch.reference import Reference
from killah.export.executorch.wish import Wish
from killah.gemma.convert import convert

IDS = [2, *(4 + i * 7 % 300 for i in range(60))]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The tiny base, whose global layers' positions are stretched eightfold and whose window is 16."""
    folder = tmp_path_factory.mktemp("base")
    source = bundles.checkpoints.write(
        folder / "source", bundles.checkpoints.tensors(bundles.CONFIG), bundles.CONFIG
    )
    convert(source, folder / "tiny", None)
    return gather(folder / "tiny", {})


@pytest.mark.parametrize("attention", ["fused", "plain"])
def test_the_decoder_computes_what_mlx_computes(base, tmp_path, attention):
    decoder, embedding, bits = parts.text(base, Wish(tmp_path, context=64, attention=attention))
    ours = Reference(base)
    expected = ours.logits(ours.embed(IDS))
    with torch.no_grad():
        embedded = embedding(torch.tensor([IDS]))
        whole = decoder(embedded, torch.arange(len(IDS)))[0, 0].numpy()
        decoder.reset()
        steps = [decoder(embedded[:, i : i + 1], torch.tensor([i]))[0, 0].numpy() for i in range(len(IDS))]
    assert bits == 32
    assert np.abs(whole - expected[-1]).max() < 1e-4
    assert np.abs(np.stack(steps) - expected).max() < 1e-4


def test_a_slot_filled_with_nothing_changes_nothing(base, tmp_path):
    plain, embedding, _ = parts.text(base, Wish(tmp_path, context=64))
    adapted, _, _ = parts.text(base, Wish(tmp_path, context=64))
    layers = ["model.layers.0.self_attn.k_proj", "model.layers.1.mlp.up_proj"]
    slot.make(adapted, layers, 4)
    place = torch.arange(len(IDS))
    with torch.no_grad():
        embedded = embedding(torch.tensor([IDS]))
        noise = adapted(embedded, place)
        for name, parameter in adapted.named_parameters():
            if "lora_b" in name:
                parameter.zero_()
        adapted.reset()
        assert torch.equal(adapted(embedded, place), plain(embedded, place))
    assert not torch.equal(noise, plain(embedded, place))


def test_integers_keep_most_of_what_a_model_says(base, tmp_path):
    """INT4 rounds the linear layers and the embedding, not the LoRAs, and says nearly the same."""
    floats, embedding, _ = parts.text(base, Wish(tmp_path, context=64))
    rounded, smaller, bits = parts.text(base, Wish(tmp_path, context=64, quantisation="int4"))
    slot.make(rounded, ["model.layers.0.mlp.up_proj"], 4)
    assert bits in (4, 8)
    assert type(rounded.lm_head.weight.data) is not torch.Tensor
    assert type(rounded.get_submodule("layers.0.mlp.up_proj.lora_a").weight.data) is torch.Tensor
    place = torch.arange(len(IDS))
    with torch.no_grad():
        rounded.get_submodule("layers.0.mlp.up_proj.lora_b").weight.zero_()
        exact = floats(embedding(torch.tensor([IDS])), place)[0, 0]
        found = rounded(smaller(torch.tensor([IDS])), place)[0, 0]
    assert torch.cosine_similarity(exact, found, dim=0) > 0.95
    assert not torch.equal(exact, found)


def test_merged_loras_are_in_the_weights(tiny, tmp_path):
    """--merge, MLX and Core ML bundles: the composition without a slot."""
    made = gather(tiny.base, {"terse": 0.7, "warm": 0.5}, required=["terse", "warm"])
    decoder, embedding, _ = parts.text(made, Wish(tmp_path, context=64, merge=True))
    ours = Reference(made)
    with torch.no_grad():
        found = decoder(embedding(torch.tensor([IDS])), torch.arange(len(IDS)))[0, 0].numpy()
    expected = ours.logits(mx.array(embedding(torch.tensor([IDS])).numpy()))[-1]
    alone = Reference(Composed(made.folder, made.about))
    assert np.abs(found - expected).max() < 1e-4
    assert np.abs(expected - alone.logits(alone.embed(IDS))[-1]).max() > 0.1
