"""What is imported fits the base it is bound to, and says where it came from."""

import json
import shutil

import loras
import mlx.core as mx
import pytest

from killah import paths
from killah.adapters import package
from killah.adapters.package import Adapter
from killah.errors import KillahError
from killah.export import importing, mlx_lm, peft


@pytest.fixture
def tiny(home):
    return loras.base(paths.models_dir() / "tiny")


@pytest.fixture
def made(tiny):
    return Adapter(loras.card(tiny[1]), loras.tensors(tiny[0]))


@pytest.mark.parametrize("write", [peft.write, mlx_lm.write])
def test_others_adapters_become_the_users_own(tiny, made, tmp_path, write):
    folder = write(made, tmp_path / "out")
    done = importing.bring(folder, tiny[0], "brief", role="rephrase", data="letters")
    assert done.folder == paths.adapters_dir() / "tiny" / "brief"
    found = package.read(done.folder, tiny[1], base_folder=tiny[0])
    assert all(mx.array_equal(found.tensors[name], made.tensors[name]) for name in made.tensors)
    card = found.card
    assert (card.name, card.role, card.data, card.licence) == ("brief", "rephrase", "letters", "CC0-1.0")
    assert (card.rank, card.scale, card.base_fingerprint) == (loras.RANK, 2.0, tiny[1].fingerprint)
    assert card.target_modules == sorted(loras.TARGETS)


def test_a_killah_package_keeps_its_card(tiny, made, tmp_path):
    written = package.write(tmp_path / "theirs", made.card, made.tensors)
    done = importing.bring(tmp_path / "theirs", tiny[0])
    assert done.card == written.model_copy(update={"name": "theirs"})
    with pytest.raises(KillahError, match="exists already"):
        importing.bring(tmp_path / "theirs", tiny[0])
    importing.bring(tmp_path / "theirs", tiny[0], force=True)


def test_a_renamed_base_is_the_same_base(tiny, made, tmp_path):
    """Fingerprints count, not names; the adapter goes where its base's name is now."""
    package.write(tmp_path / "theirs", made.card.model_copy(update={"base": "minute"}), made.tensors)
    assert importing.bring(tmp_path / "theirs", tiny[0]).card.base == "tiny"


def test_an_adapter_of_another_base_is_refused(tiny, made, tmp_path):
    card = made.card.model_copy(update={"base": "large", "base_fingerprint": "0" * 64})
    package.write(tmp_path / "theirs", card, made.tensors)
    with pytest.raises(KillahError, match="terse was made for large, not for tiny"):
        importing.bring(tmp_path / "theirs", tiny[0])


@pytest.mark.parametrize("write", [peft.write, mlx_lm.write])
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            {"model.layers.0.mlp.up_proj.lora_a": mx.zeros((65, loras.RANK))},
            "up_proj is 65 -> 128, in the base 64",
        ),
        ({"model.layers.0.mlp.up_proj.lora_a": mx.zeros((64, 3))}, "not rank 4"),
        ({"model.layers.0.mlp.up_proj.lora_a": mx.full((64, loras.RANK), float("nan"))}, "not finite"),
        ({"model.layers.7.mlp.up_proj.lora_a": mx.zeros((64, loras.RANK))}, r"layers\.7.*lora_b is missing"),
    ],
)
def test_what_does_not_fit_is_refused(tiny, made, tmp_path, write, change, why):
    folder = write(Adapter(made.card, made.tensors | change), tmp_path / "out")
    with pytest.raises(KillahError, match=rf"out cannot be imported: .*{why}.*Is it made for tiny\?"):
        importing.bring(folder, tiny[0])
    assert not paths.adapters_dir().exists()


@pytest.mark.parametrize("name", ["../x", "a/b", ".x"])
def test_a_path_is_no_name(tiny, made, tmp_path, name):
    folder = peft.write(made, tmp_path / "out")
    with pytest.raises(KillahError, match="cannot be an adapter's name"):
        importing.bring(folder, tiny[0], name)


def test_other_folders_are_one_sentence(tiny, made, tmp_path):
    with pytest.raises(KillahError, match="is not a folder"):
        importing.bring(tmp_path / "nowhere", tiny[0])
    (tmp_path / "letters").mkdir()
    with pytest.raises(KillahError, match=r"neither adapter_config\.json nor adapter\.json"):
        importing.bring(tmp_path / "letters", tiny[0])
    (tmp_path / "letters" / "adapter_model.bin").write_bytes(b"\x80")
    with pytest.raises(KillahError, match=r"only adapter_model\.bin, a pickle"):
        importing.bring(tmp_path / "letters", tiny[0])
    folder = mlx_lm.write(made, tmp_path / "out")
    (folder / mlx_lm.WEIGHTS).write_bytes(b"version https://git-lfs")
    with pytest.raises(KillahError, match="Git LFS pointer"):
        importing.bring(folder, tiny[0])


def test_an_unreadable_configuration_is_one_sentence(tiny, made, tmp_path):
    folder = peft.write(made, tmp_path / "out")
    (folder / "adapter_config.json").write_text("{")
    with pytest.raises(KillahError, match=r"adapter_config\.json is not JSON"):
        importing.bring(folder, tiny[0])
    (folder / "adapter_config.json").write_text(json.dumps(["peft_type"]))
    with pytest.raises(KillahError, match="is not a JSON object"):
        importing.bring(folder, tiny[0])
    shutil.rmtree(folder)
