"""An adapter loads only if it is whole, unchanged, harmless to open, and made for this very base."""

import hashlib
import json

import loras
import mlx.core as mx
import pytest

from killah.adapters import package
from killah.adapters.package import NAME, WEIGHTS
from killah.errors import KillahError


@pytest.fixture
def base(tmp_path):
    return loras.base(tmp_path / "tiny")


@pytest.fixture
def tensors(base):
    return loras.tensors(base[0])


@pytest.fixture
def folder(base, tensors, tmp_path):
    package.write(tmp_path / "terse", loras.card(base[1]), tensors)
    return tmp_path / "terse"


def edit_card(folder, **changes):
    raw = json.loads((folder / NAME).read_text()) | changes
    (folder / NAME).write_text(json.dumps(raw))


def put_weights(folder, tensors):
    """Other weights, honestly hashed: only a look inside tells."""
    (folder / WEIGHTS).unlink()
    sha256 = package.save(folder / WEIGHTS, tensors)
    edit_card(folder, sha256=sha256, parameters=sum(value.size for value in tensors.values()))


def test_what_is_written_is_read(folder, base, tensors):
    adapter = package.read(folder, base[1], base_folder=base[0])
    assert adapter.tensors.keys() == tensors.keys()
    assert all(mx.array_equal(adapter.tensors[name], tensors[name]) for name in tensors)
    assert adapter.card.sha256 == hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    assert adapter.card.parameters == sum(value.size for value in tensors.values())
    assert adapter.card.model_dump(exclude={"sha256", "parameters"}) == loras.card(base[1]).model_dump(
        exclude={"sha256", "parameters"}
    )


@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16, mx.float32])
def test_dtypes_and_transposed_arrays_are_kept(base, tmp_path, dtype):
    tensors = {name: value.T.T for name, value in loras.tensors(base[0], dtype=dtype).items()}
    tensors |= {name: mx.array(value.T).T for name, value in tensors.items()}
    package.write(tmp_path / "x", loras.card(base[1]), tensors)
    found = package.read(tmp_path / "x").tensors
    assert all(found[name].dtype == dtype for name in tensors)
    assert all(mx.array_equal(found[name], tensors[name]) for name in tensors)


def test_a_package_is_private_and_the_same_each_time(folder, base, tensors, tmp_path):
    again = package.write(tmp_path / "again", loras.card(base[1]), dict(reversed(tensors.items())))
    assert again.sha256 == package.read_card(folder).sha256
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert sorted(path.name for path in folder.iterdir()) == [NAME, WEIGHTS]


def test_nothing_is_replaced_unasked(folder, base, tensors, tmp_path):
    with pytest.raises(KillahError, match=r"exists already\. Give --force"):
        package.write(folder, loras.card(base[1]), tensors)
    package.write(folder, loras.card(base[1], role="story"), tensors, force=True)
    assert package.read_card(folder).role == "story"
    (tmp_path / "letters").mkdir()
    with pytest.raises(KillahError, match="exists and is something else"):
        package.write(tmp_path / "letters", loras.card(base[1]), tensors, force=True)


def test_what_does_not_fit_its_card_is_not_written(base, tensors, tmp_path):
    with pytest.raises(KillahError, match="not rank 8"):
        package.write(tmp_path / "x", loras.card(base[1], rank=8), tensors)
    name = next(iter(tensors))
    with pytest.raises(KillahError, match="not finite"):
        package.write(tmp_path / "x", loras.card(base[1]), tensors | {name: tensors[name] / 0})
    assert not (tmp_path / "x").exists()


# Refusals: one sentence each, and what to do


def test_a_flipped_bit_is_found(folder):
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[-1] ^= 1
    (folder / WEIGHTS).write_bytes(data)
    with pytest.raises(
        KillahError, match=r"SHA-256 is not the one in adapter\.json\. Train it again, or import"
    ):
        package.read(folder)


def test_another_base_is_refused(folder, base):
    other = base[1].model_copy(update={"name": "large", "fingerprint": "0" * 64})
    with pytest.raises(KillahError, match=r"made for tiny, not for large\. .*killah models use tiny"):
        package.read(folder, other)


def test_the_same_base_with_other_weights_is_refused(folder, base):
    other = base[1].model_copy(update={"fingerprint": "0" * 64})
    with pytest.raises(KillahError, match="made for other weights of tiny than the ones installed"):
        package.read(folder, other)


def test_shapes_of_another_base_are_refused(folder, base, tensors):
    name = "model.layers.0.self_attn.k_proj.lora_a"
    put_weights(folder, tensors | {name: mx.zeros((65, loras.RANK))})
    package.read(folder, base[1])
    with pytest.raises(KillahError, match=r"k_proj is 65 -> 64, in the base 64 -> 64"):
        package.read(folder, base[1], base_folder=base[0])


def test_a_layer_the_base_has_not_is_refused(folder, base, tensors):
    more = {name.replace("layers.0", "layers.3"): value for name, value in tensors.items()}
    put_weights(folder, more)
    with pytest.raises(KillahError, match=r"the base has no model\.layers\.3"):
        package.read(folder, base[1], base_folder=base[0])


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(folder, tensors, bad):
    name = "model.layers.1.mlp.up_proj.lora_b"
    value = mx.array(tensors[name])
    value[0, 0] = bad
    put_weights(folder, tensors | {name: value})
    with pytest.raises(KillahError, match=r"up_proj\.lora_b holds numbers that are not finite"):
        package.read(folder)


def test_a_newer_format_asks_for_a_newer_killah(folder):
    edit_card(folder, format=2, unheard_of=True)
    with pytest.raises(KillahError, match=r"newer Killah \(format 2\)\. Update Killah\."):
        package.read(folder)


def test_a_missing_half_is_found(folder, tensors):
    del tensors["model.layers.2.self_attn.v_proj.lora_b"]
    put_weights(folder, tensors)
    with pytest.raises(KillahError, match=r"layers\.2\.self_attn\.v_proj\.lora_b is missing"):
        package.read(folder)


def test_a_missing_module_is_found(folder, tensors):
    put_weights(folder, {name: value for name, value in tensors.items() if "v_proj" not in name})
    with pytest.raises(KillahError, match="disagree about v_proj"):
        package.read(folder)


def test_a_wrong_count_of_parameters_is_found(folder):
    edit_card(folder, parameters=5)
    with pytest.raises(KillahError, match=r"its card says 5 parameters, there are [0-9,]{5,}"):
        package.read(folder)


def test_tensors_of_another_kind_are_refused(folder, tensors):
    put_weights(folder, tensors | {"model.layers.0.self_attn.k_proj.weight": mx.zeros((2, 2))})
    with pytest.raises(KillahError, match=r"k_proj\.weight is not a LoRA tensor"):
        package.read(folder)
    ints = {name: mx.zeros(value.shape, mx.uint32) for name, value in tensors.items()}
    (folder / WEIGHTS).unlink()
    mx.save_safetensors(str(folder / WEIGHTS), ints)
    edit_card(folder, sha256=hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest())
    with pytest.raises(KillahError, match="is stored as U32"):
        package.read(folder)


@pytest.mark.parametrize("suffix", [".bin", ".pt", ".pth", ".ckpt", ".pkl"])
@pytest.mark.parametrize("with_card", [True, False])
def test_pickles_are_refused_by_name(folder, suffix, with_card):
    (folder / WEIGHTS).rename(folder / f"adapter_model{suffix}")
    if not with_card:
        (folder / NAME).unlink()
    with pytest.raises(KillahError, match=rf"only adapter_model\{suffix}, a pickle.*as \.safetensors"):
        package.read(folder)


def test_missing_weights_are_found(folder):
    (folder / WEIGHTS).unlink()
    with pytest.raises(KillahError, match=r"adapter\.safetensors is missing\. Train it again"):
        package.read(folder)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x": 1}'])
def test_a_damaged_card_is_one_sentence(folder, content):
    (folder / NAME).write_text(content)
    with pytest.raises(KillahError, match=r"adapter\.json is damaged\. Train it again, or import it again"):
        package.read(folder)


def test_weights_that_are_no_safetensors_file_are_one_sentence(folder):
    (folder / WEIGHTS).write_bytes(b"not at all")
    edit_card(folder, sha256=hashlib.sha256(b"not at all").hexdigest())
    with pytest.raises(KillahError, match="not a safetensors file"):
        package.read(folder)


def test_other_folders_say_what_to_do(folder, tmp_path):
    with pytest.raises(KillahError, match=r"no adapter folder .*killah adapters list"):
        package.read(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(KillahError, match="is not an adapter"):
        package.read(tmp_path / "empty")
    (tmp_path / "empty" / "adapter_config.json").write_text("{}")
    with pytest.raises(KillahError, match="killah adapters import"):
        package.read(tmp_path / "empty")


# Projectors and mixes


def projector(hidden=64, width=12, soft=2):
    shapes = {"norm_in": (width,), "up": (2 * hidden, width), "down": (soft * hidden, 2 * hidden)}
    shapes |= {"norm_out": (hidden,)}
    made = {f"{name}.weight": mx.ones(shape) for name, shape in shapes.items()}
    return (
        made
        | {f"{name}.bias": mx.zeros(shape[:1]) for name, shape in shapes.items()}
        | {"scale": mx.array(1.0)}
    )


def projector_card(base):
    own = {"kind": "projector", "rank": None, "scale": None, "alpha": None, "target_modules": []}
    return loras.card(base[1], **own, soft_tokens=2, input_width=12)


def test_the_models_own_projector_is_written_and_read(base, tmp_path):
    """The names and shapes held here are those of `Projector`."""
    from mlx.utils import tree_flatten

    from killah.gemma.projector import Projector

    made = dict(tree_flatten(Projector(12, 64, tokens=2, scale=3.0).parameters()))
    assert {name: value.shape for name, value in made.items()} == {
        name: value.shape for name, value in projector().items()
    }
    package.write(tmp_path / "p", projector_card(base), made)
    found = package.read(tmp_path / "p", base[1], base_folder=base[0]).tensors
    assert all(mx.array_equal(found[name], made[name]) for name in made)


def test_a_projector_that_does_not_fit_is_refused(base, tmp_path):
    tensors = projector()
    for change, message in (
        ({"norm_in.weight": mx.ones(13)}, r"norm_in\.weight is \[13\] instead of \[12\]"),
        ({"down.weight": mx.ones((64, 128))}, r"down\.weight is \[64, 128\] instead of \[128, 128\]"),
        ({"extra": mx.ones(3)}, "extra is not a projector's tensor"),
    ):
        with pytest.raises(KillahError, match=message):
            package.write(tmp_path / "p", projector_card(base), tensors | change)
    del tensors["up.bias"]
    with pytest.raises(KillahError, match=r"up\.bias is missing"):
        package.write(tmp_path / "p", projector_card(base), tensors)
    package.write(tmp_path / "p", projector_card(base), projector(hidden=32))
    with pytest.raises(KillahError, match="soft tokens are 32 wide, the base 64"):
        package.read(tmp_path / "p", base[1], base_folder=base[0])


def test_a_mix_weighs_each_of_its_members(base, tmp_path):
    card = loras.card(base[1], kind="mix", members=["a", "b", "c"])
    package.write(tmp_path / "mix", card, {"model.layers.0.mlp.up_proj": mx.zeros(3)})
    assert package.read(tmp_path / "mix", base[1], base_folder=base[0]).card.members == ["a", "b", "c"]
    with pytest.raises(KillahError, match="does not weigh 3 adapters"):
        package.write(tmp_path / "bad", card, {"model.layers.0.mlp.up_proj": mx.zeros(2)})


def test_soft_tokens_of_codes_fit_their_card_and_base(base, tmp_path):
    card = loras.card(base[1], kind="codes", codes=["formal", "letter"], soft_tokens=2)
    fitting = {code: mx.ones((2, 64)) for code in card.codes}
    package.write(tmp_path / "codes", card, fitting)
    assert package.read(tmp_path / "codes", base[1], base_folder=base[0]).tensors.keys() == fitting.keys()
    for change, message in (
        ({"formal": mx.ones((3, 64))}, "its codes have not 2 soft tokens each"),
        ({"poem": mx.ones((2, 64))}, "disagree about poem"),
    ):
        with pytest.raises(KillahError, match=message):
            package.write(tmp_path / "bad", card, fitting | change)
    package.write(tmp_path / "codes", card, {code: mx.ones((2, 32)) for code in card.codes}, force=True)
    with pytest.raises(KillahError, match="soft tokens are 32 wide, the base 64"):
        package.read(tmp_path / "codes", base[1], base_folder=base[0])
