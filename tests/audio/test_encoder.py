"""An encoder is found by its name, wherever it lies, and loaded only whole."""

import json
import re
import shutil
import struct
import subprocess
import sys

import numpy as np
import pytest
import torch
from audio.speech_models import XLS_R, noise, wav2vec2, whisper
from safetensors.torch import load_file

from killah import paths
from killah.audio.encoder import SpeechEncoder
from killah.errors import KillahError


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of a tiny encoder."""
    folder = tmp_path_factory.mktemp("made") / "ear"
    wav2vec2(folder, **XLS_R)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    """A copy of it to break."""
    return shutil.copytree(made, tmp_path / "ear")


def test_the_users_encoder_hides_the_shipped_one(made, tmp_path, monkeypatch):
    shipped = shutil.copytree(made, tmp_path / "shipped" / "ear")
    monkeypatch.setattr(paths, "shipped", lambda kind: tmp_path / "shipped")
    assert SpeechEncoder.find("ear") == shipped
    own = shutil.copytree(made, paths.models_dir() / "ear")
    assert SpeechEncoder.find("ear") == own
    assert SpeechEncoder.find(str(shipped)) == shipped


def test_an_unknown_name_says_what_to_do(made):
    shutil.copytree(made, paths.models_dir() / "mine")
    with pytest.raises(KillahError, match=r"There is no speech encoder 'yours'\. Installed: .*mine"):
        SpeechEncoder.find("yours")
    with pytest.raises(KillahError, match="Run `killah models pull whisper-medium`"):
        SpeechEncoder.find("whisper-medium")


def test_a_base_is_no_encoder():
    with pytest.raises(KillahError, match=r"not a speech encoder: its config\.json describes gemma3_text"):
        SpeechEncoder.load(paths.shipped("models") / "pushkin-nano")
    with pytest.raises(KillahError, match="There is no speech encoder 'pushkin-nano'"):
        SpeechEncoder.find("pushkin-nano")


def test_both_kinds_have_one_interface(made, tmp_path):
    whisper(tmp_path, d_model=32, encoder_layers=1, encoder_attention_heads=2, encoder_ffn_dim=32)
    for each, name in ((made, "ear"), (tmp_path, tmp_path.name)):
        encoder = SpeechEncoder.load(each)
        frames = encoder.encode(noise(16_000))
        assert (encoder.name, encoder.folder) == (name, each)
        assert frames.shape == (encoder.frame_count(16_000), encoder.width)
        assert encoder.receptive_field / 16_000 > encoder.seconds_per_frame == 0.02


def test_a_pickle_is_refused_and_its_conversion_works(made, folder):
    """XLS-R's repository holds a pickle: what the message tells the user to run must be right."""
    (folder / "model.safetensors").unlink()
    weights = load_file(made / "model.safetensors")
    torch.save(weights, folder / "pytorch_model.bin")
    with pytest.raises(KillahError, match=r"holds only pytorch_model\.bin, a pickle") as caught:
        SpeechEncoder.load(folder)
    command = re.search('python -c "(.+)"', caught.value.hint)
    exec(command[1])
    one, other = (np.array(SpeechEncoder.load(each).encode(noise(2000))) for each in (made, folder))
    assert np.array_equal(one, other)


def test_damaged_weights_are_one_sentence(folder):
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    header = struct.unpack("<Q", whole[:8])[0]
    for data in (whole[:-1], whole[: header // 2], b"version https://git-lfs.github.com/spec/v1", b""):
        weights.write_bytes(data)
        with pytest.raises(KillahError, match=r"model\.safetensors is not a safetensors file, or is"):
            SpeechEncoder.load(folder)
    weights.unlink()
    with pytest.raises(KillahError, match=r"holds no \.safetensors files"):
        SpeechEncoder.load(folder)


def test_a_damaged_config_is_one_sentence(folder):
    (folder / "config.json").write_text("{")
    with pytest.raises(KillahError, match=r"config\.json is not JSON"):
        SpeechEncoder.load(folder)
    (folder / "config.json").write_text(json.dumps({"model_type": "hubert"}))
    with pytest.raises(KillahError, match=r"describes hubert\. Killah hears with wav2vec2 and whisper"):
        SpeechEncoder.load(folder)
    (folder / "config.json").unlink()
    with pytest.raises(KillahError, match=r"config\.json is missing"):
        SpeechEncoder.load(folder)


def test_mlx_comes_with_the_first_encoder_and_after_a_fast_blas(made):
    """Programs that only ask which encoders there are start without it; it is fast when it comes."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from killah.audio.encoder import SpeechEncoder\n"
        "assert 'mlx.core' not in sys.modules\n"
        "SpeechEncoder.load(Path(sys.argv[1]))\n"
        "from killah.devices import prepare\n"
        "device = prepare()\n"
        "assert device.kind != 'cpu' or device.blas\n"
    )
    subprocess.run([sys.executable, "-c", code, str(made)], check=True)


def test_arrays_of_mlx_are_taken_too(made):
    import mlx.core as mx

    encoder, samples = SpeechEncoder.load(made), noise(2000)
    assert np.array_equal(np.array(encoder.encode(mx.array(samples))), np.array(encoder.encode(samples)))
