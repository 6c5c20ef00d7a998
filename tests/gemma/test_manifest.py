"""A model is used only if it is byte for byte what was converted."""

import json
import os

import checkpoints
import pytest

from killah.errors import KillahError
from killah.gemma import manifest
from killah.gemma.convert import convert
from killah.manifests import File

WEIGHTS = "model-00001-of-00001.safetensors"


@pytest.fixture
def model(tmp_path):
    convert(checkpoints.write(tmp_path / "source"), tmp_path / "tiny")
    return tmp_path / "tiny"


def flip_a_bit(path):
    """One bit of the last byte, size and time of change as they were."""
    before, data = path.stat(), bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_flipped_bit_is_found(model):
    assert manifest.read_verified(model).name == "tiny"
    flip_a_bit(model / WEIGHTS)
    with pytest.raises(KillahError, match=r"SHA-256.*Run `killah models pull tiny`, or convert it again"):
        manifest.read_verified(model)


@pytest.mark.parametrize("name", [WEIGHTS, "config.json", "tokenizer.json"])
def test_a_missing_or_longer_file_is_found(model, name):
    (model / name).write_bytes((model / name).read_bytes() + b" ")
    with pytest.raises(KillahError, match=rf"{name} has [0-9,]+ bytes instead of"):
        manifest.read_verified(model)
    (model / name).unlink()
    with pytest.raises(KillahError, match=f"{name} is missing"):
        manifest.read_verified(model)


def test_cards_may_be_edited(model):
    (model / "README.md").write_text("# A model\n")
    (model / "gate.json").write_text("{}")
    manifest.read_verified(model)


def test_a_newer_format_asks_for_a_newer_killah(model):
    raw = json.loads((model / manifest.NAME).read_text()) | {"format": 2, "unheard_of": True}
    (model / manifest.NAME).write_text(json.dumps(raw))
    with pytest.raises(KillahError, match=r"newer Killah \(format 2\)\. Update Killah\."):
        manifest.read(model)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 1}', b"\xff\xfe"])
def test_a_damaged_manifest_is_one_sentence(model, content):
    (model / manifest.NAME).write_bytes(content)
    with pytest.raises(KillahError, match=r"killah.json is damaged\. Run"):
        manifest.read(model)


def test_a_manifest_names_only_files_of_its_own_folder(model):
    raw = (model / manifest.NAME).read_text().replace("config.json", "../config.json")
    (model / manifest.NAME).write_text(raw)
    with pytest.raises(KillahError, match="damaged"):
        manifest.read(model)


def test_folders_that_are_not_models_say_what_to_do(tmp_path):
    source = checkpoints.write(tmp_path / "source")
    with pytest.raises(KillahError, match=r"is not converted yet\. Run `killah models convert"):
        manifest.read(source)
    (source / "config.json").unlink()
    with pytest.raises(KillahError, match="is not a model"):
        manifest.read(source)
    with pytest.raises(KillahError, match="There is no model folder"):
        manifest.read(tmp_path / "nowhere")


def test_fingerprint_is_of_the_weights_alone(model, tmp_path):
    """Adapters are bound to it: another tokenizer file must not unbind them, other weights must."""
    files = manifest.read(model).files
    other = files | {"config.json": File(bytes=1, sha256="0" * 64)}
    assert manifest.fingerprint(other) == manifest.fingerprint(files)
    other |= {WEIGHTS: File(bytes=1, sha256="0" * 64)}
    assert manifest.fingerprint(other) != manifest.fingerprint(files)
