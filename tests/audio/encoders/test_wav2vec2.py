"""Wav2Vec2 hears what transformers' hears, with the same files."""

import json
import shutil
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from audio.speech_models import LARGE, LARGE_960H, LETTERS, XLS_R, heard, noise, wav2vec2
from safetensors.numpy import load_file, save_file

from killah import devices
from killah.audio.encoder import SpeechEncoder
from killah.errors import KillahError

TOLERANCE = 1e-4
SOURCE = "parametrizations.weight.original"


@pytest.fixture(scope="module")
def xls_r(tmp_path_factory):
    """A tiny XLS-R with letters: its folder, and transformers' model."""
    folder = tmp_path_factory.mktemp("xls-r")
    return folder, wav2vec2(folder, **XLS_R)


def difference(frames, reference):
    assert frames.shape == reference.shape
    return np.abs(np.array(frames) - reference).max()


@pytest.mark.parametrize("seconds", [0.025, 0.0451, 0.3, 2.61])
@pytest.mark.parametrize(
    ("norm", "first", "bias"), product(("layer", "group"), (True, False), (True, False)), ids=str
)
def test_every_variant_and_length(tmp_path, norm, first, bias, seconds):
    """From one frame to more than go through the convolutions at once; odd lengths leave samples over."""
    model = wav2vec2(tmp_path, feat_extract_norm=norm, do_stable_layer_norm=first, conv_bias=bias)
    samples = noise(round(seconds * 16_000))
    frames = SpeechEncoder.load(tmp_path).encode(samples)
    assert difference(frames, heard(model, samples)) < TOLERANCE


@pytest.mark.parametrize(
    ("kind", "variant"), [("Wav2Vec2ForPreTraining", XLS_R), ("Wav2Vec2ForCTC", LARGE_960H)]
)
def test_true_widths(tmp_path, kind, variant):
    """XLS-R-300M and wav2vec2-large-960h with 2 of their 24 layers."""
    model = wav2vec2(tmp_path, kind, **LARGE, **variant, conv_dim=(512,) * 7, num_conv_pos_embeddings=128)
    samples = noise(12_345)
    encoder = SpeechEncoder.load(tmp_path)
    assert difference(encoder.encode(samples), heard(model, samples)) < TOLERANCE
    assert (encoder.width, encoder.receptive_field, encoder.seconds_per_frame) == (1024, 400, 0.02)


def test_other_strides_rectifiers_and_an_odd_positional_kernel(tmp_path):
    config = {"conv_dim": (8, 16, 32), "conv_stride": (5, 8, 4), "conv_kernel": (10, 16, 4)}
    relu = {"hidden_act": "relu", "feat_extract_activation": "relu"}
    model = wav2vec2(tmp_path, **XLS_R, **config, **relu, num_conv_pos_embeddings=7)
    encoder = SpeechEncoder.load(tmp_path)
    assert encoder.seconds_per_frame == 0.01
    for count in (encoder.receptive_field, encoder.receptive_field + 161, 9_999):
        reference = heard(model, noise(count))
        assert difference(encoder.encode(noise(count)), reference) < TOLERANCE
        assert encoder.frame_count(count) == len(reference)


def test_letters_and_their_probabilities(xls_r):
    folder, model = xls_r
    encoder, samples = SpeechEncoder.load(folder), noise(8000)
    frames = encoder.encode(samples)
    with torch.no_grad():
        logits = model.lm_head(torch.tensor(heard(model, samples)))
    assert encoder.letters == LETTERS
    assert difference(encoder.log_probs(frames), logits.log_softmax(-1).numpy()) < TOLERANCE


def test_too_few_samples_give_no_frames(xls_r):
    """The first moments of a stream."""
    encoder = SpeechEncoder.load(xls_r[0])
    for count in (0, encoder.receptive_field - 1):
        frames = encoder.encode(noise(count))
        assert frames.shape == (0, encoder.width)
        assert encoder.log_probs(frames).shape == (0, len(LETTERS))
        assert encoder.frame_count(count) == 0
    assert encoder.frame_count(encoder.receptive_field) == 1


@pytest.mark.parametrize("normalise", [True, False])
def test_samples_are_normalised_where_the_checkpoint_says_so(tmp_path, normalise):
    model = wav2vec2(tmp_path, normalise=normalise, **XLS_R)
    samples = noise(5000)
    frames = SpeechEncoder.load(tmp_path).encode(samples)
    assert difference(frames, heard(model, samples, normalise=normalise)) < TOLERANCE
    assert difference(frames, heard(model, samples, normalise=not normalise)) > TOLERANCE


def test_a_window_of_a_stream_gives_the_frames_of_the_whole(xls_r):
    """With moments of its own and limited context, what is far enough from a window's edges is exact."""
    encoder, samples = SpeechEncoder.load(xls_r[0]), noise(48_000)
    moments, (left, right) = (0.02, 0.01), (6, 3)
    whole = np.array(encoder.encode(samples, context=(left, right), moments=moments))
    first, count = 20, 80  # frames of the window
    start, hop = first * encoder.samples_per_frame, encoder.samples_per_frame
    window = samples[start : start + (count - 1) * hop + encoder.receptive_field]
    part = np.array(encoder.encode(window, context=(left, right), moments=moments))
    assert len(part) == count
    before, after = 8 + 2 * left, 7 + 2 * right  # positional kernel of 16, two layers
    assert np.abs(part[before:-after] - whole[first + before : first + count - after]).max() < 1e-5
    assert np.abs(part[: before - 4] - whole[first : first + before - 4]).max() > 1e-3


def test_features_of_a_stream_are_made_once(xls_r):
    """Convolved piece by piece, a stream gives what it gives as a whole."""
    encoder, samples = SpeechEncoder.load(xls_r[0]), noise(20_000)
    hop, overlap = encoder.samples_per_frame, encoder.receptive_field - encoder.samples_per_frame
    pieces = [
        np.array(encoder.features(samples[first : first + 4 * hop + overlap], moments=(0.02, 0.01)))
        for first in range(0, 20_000 - overlap, 4 * hop)
    ]
    whole = encoder.features(samples, moments=(0.02, 0.01))
    assert difference(np.concatenate(pieces), np.array(whole)) < 1e-5
    frames = encoder.encode(samples, moments=(0.02, 0.01))
    assert difference(encoder.transform(whole), np.array(frames)) < 1e-6


def test_old_names_of_the_weight_norm(xls_r, tmp_path):
    """XLS-R on the hub was written by torch 1."""
    folder = shutil.copytree(xls_r[0], tmp_path / "old")
    tensors = load_file(folder / "model.safetensors")
    renamed = {
        name.replace(f"{SOURCE}0", "weight_g").replace(f"{SOURCE}1", "weight_v"): value
        for name, value in tensors.items()
    }
    assert renamed.keys() != tensors.keys()
    save_file(renamed, folder / "model.safetensors")
    old, new = SpeechEncoder.load(folder), SpeechEncoder.load(xls_r[0])
    assert difference(old.encode(noise(4000)), np.array(new.encode(noise(4000)))) == 0


@pytest.mark.parametrize("kind", ["Wav2Vec2Model", "Wav2Vec2ForPreTraining"])
def test_without_a_head_it_hears_but_does_not_spell(tmp_path, kind):
    model = wav2vec2(tmp_path, kind, **XLS_R)
    encoder, samples = SpeechEncoder.load(tmp_path), noise(4000)
    frames = encoder.encode(samples)
    assert difference(frames, heard(model, samples)) < TOLERANCE
    assert encoder.letters is None
    with pytest.raises(KillahError, match="hears, but does not spell"):
        encoder.log_probs(frames)


def test_a_head_without_vocab_json_is_left_out(xls_r, tmp_path):
    folder = shutil.copytree(xls_r[0], tmp_path / "mute")
    (folder / "vocab.json").unlink()
    assert SpeechEncoder.load(folder).letters is None


def test_shards_and_bfloat16(tmp_path):
    """ear-nano is stored in bfloat16; large checkpoints come in several files."""
    model = wav2vec2(tmp_path / "whole", **XLS_R).to(torch.bfloat16)
    model.save_pretrained(tmp_path / "shards", max_shard_size="100KB")
    assert len(list((tmp_path / "shards").glob("*.safetensors"))) > 1
    reference = transformers.Wav2Vec2Model.from_pretrained(tmp_path / "shards", dtype=torch.float32).eval()
    frames = SpeechEncoder.load(tmp_path / "shards").encode(noise(4000))
    assert difference(frames, heard(reference, noise(4000))) < TOLERANCE


@pytest.mark.parametrize("variant", [XLS_R, LARGE_960H])
def test_bfloat16_on_metal_says_the_same(tmp_path, monkeypatch, variant):
    """MLX's own convolution, attention and GELU do the work there; frames point nearly the same way."""
    model = wav2vec2(tmp_path, **variant)
    monkeypatch.setattr(devices, "prepare", lambda: devices.Device("metal", None))
    frames = SpeechEncoder.load(tmp_path).encode(noise(4000), context=(20, 20))
    assert "bfloat16" in str(frames.dtype)
    ours, theirs = np.array(frames.tolist()), heard(model, noise(4000))
    cosine = (ours * theirs).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    assert cosine.min() > 0.999


def test_samples_must_be_one_channel(xls_r):
    with pytest.raises(ValueError, match=r"\(2, 1000\) are not \(samples,\)"):
        SpeechEncoder.load(xls_r[0]).encode(np.zeros((2, 1000), np.float32))


def test_another_sampling_rate_is_refused(xls_r, tmp_path):
    """Else it would hear everything at half or twice the speed."""
    folder = shutil.copytree(xls_r[0], tmp_path / "telephone")
    (folder / "preprocessor_config.json").write_text('{"sampling_rate": 8000}')
    with pytest.raises(KillahError, match="hears 8000 samples a second"):
        SpeechEncoder.load(folder)


def rewrite(folder: Path, **changes) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"add_adapter": True}, "cannot run: add_adapter"),
        ({"adapter_attn_dim": 16}, "cannot run: adapter_attn_dim"),
        ({"hidden_act": "silu"}, "cannot run: hidden_act"),
        ({"num_attention_heads": 5}, "not a multiple of num_attention_heads"),
        ({"conv_stride": [5, 2]}, "different lengths"),
        ({"num_hidden_layers": 3}, r"do not fit its config.json: Missing 16 parameters"),
        ({"intermediate_size": 81}, r"do not fit its config.json: Expected shape \(81, 48\)"),
    ],
)
def test_what_cannot_be_run_is_said_in_one_sentence(xls_r, tmp_path, changes, message):
    folder = shutil.copytree(xls_r[0], tmp_path / "changed")
    rewrite(folder, **changes)
    with pytest.raises(KillahError, match=message):
        SpeechEncoder.load(folder)
