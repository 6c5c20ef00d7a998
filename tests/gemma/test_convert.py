"""What conversion promises: the same model whatever the layout, all of it or nothing, one clear sentence."""

import json
import resource
import shutil
from types import SimpleNamespace

import checkpoints
import mlx.core as mx
import numpy as np
import pytest
from checkpoints import CONFIG, GLOBAL, SLIDING

from killah.errors import KillahError
from killah.gemma import base, manifest
from killah.gemma.checkpoint import TextConfig, read_config
from killah.gemma.convert import convert
from killah.gemma.quantise import quantise

IDS = np.random.default_rng(0).integers(4, 256, 60).tolist()
VISION = {
    "vision_tower.head.probe": mx.zeros((1, 2)),
    "multi_modal_projector.mm_soft_emb_norm.weight": mx.zeros(2),
}


def loaded(folder):
    files = sorted(folder.glob("*.safetensors"))
    return {name: value for file in files for name, value in mx.load(str(file)).items()}


def leftovers(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


@pytest.fixture
def source(tmp_path):
    return checkpoints.write(tmp_path / "source")


@pytest.fixture
def target(tmp_path):
    return tmp_path / "models" / "tiny"


# The same model, whatever wrote it


@pytest.mark.parametrize(
    ("prefix", "head"),
    [("language_model.model.", "language_model.lm_head"), ("model.language_model.", "lm_head")],
)
def test_multimodal_shards_give_the_model_of_the_single_text_file(source, target, tmp_path, prefix, head):
    plain = convert(source, target)
    weights = {name.replace("model.", prefix, 1): value for name, value in checkpoints.tensors().items()}
    weights |= VISION | {f"{head}.weight": weights[f"{prefix}embed_tokens.weight"]}
    config = {"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3"}
    config |= {"text_config": CONFIG, "vision_config": {"hidden_size": 2}, "eos_token_id": [1, 106]}
    many = convert(
        checkpoints.write(tmp_path / "many", weights, config, shards=3), tmp_path / "models" / "many"
    )
    assert many.fingerprint == plain.fingerprint
    written = json.loads((tmp_path / "models" / "many" / "config.json").read_text())
    assert written["eos_token_id"] == [1, 106]


def test_what_transformers_saves_computes_what_transformers_computes(tmp_path):
    """Past the window of 16, from the multimodal layout in shards, with positions stretched by 8."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    text = {k: v for k, v in CONFIG.items() if k not in ("architectures", "model_type")}
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.Gemma3Config(
        text_config=text,
        vision_config={"image_size": 28, "patch_size": 14, "model_type": "siglip_vision_model"} | vision,
    )
    torch.manual_seed(0)
    reference = transformers.Gemma3ForConditionalGeneration(config).eval()
    with torch.no_grad():
        for name, parameter in reference.named_parameters():
            parameter.copy_(torch.randn_like(parameter) * (0.2 if "norm" in name else 0.08))
    reference.to(torch.bfloat16).save_pretrained(tmp_path / "hf", max_shard_size="100kB")
    checkpoints.write_tokenizer(tmp_path / "hf")
    assert len(list((tmp_path / "hf").glob("*.safetensors"))) > 2

    about = convert(tmp_path / "hf", tmp_path / "dense", bits=None)
    assert about.quantisation is None
    got = np.array(base.load(tmp_path / "dense").model(mx.array([IDS])))[0]
    read = transformers.Gemma3ForConditionalGeneration.from_pretrained(tmp_path / "hf", dtype=torch.float32)
    with torch.no_grad():
        want = read(torch.tensor([IDS])).logits[0].numpy()
    assert np.abs(got - want).max() < 2e-3


def test_mlx_lm_reads_the_result(source, target):
    """The folder is an ordinary MLX checkpoint too, so a user is not locked in."""
    utils = pytest.importorskip("mlx_lm.utils")
    convert(source, target, embedding_bits=8)
    theirs, _ = utils.load_model(target)
    theirs.set_dtype(mx.float32)
    ours = base.load(target).model(mx.array([IDS]))
    assert mx.abs(theirs(mx.array([IDS])) - ours).max().item() < 2e-3


def test_converting_twice_gives_the_same_bytes(source, target, tmp_path):
    assert convert(source, target).files == convert(source, tmp_path / "tiny").files


@pytest.mark.parametrize("dtype", [mx.float32, mx.float16])
def test_other_float_types_become_bfloat16(source, target, tmp_path, dtype):
    same = {name: value.astype(dtype) for name, value in checkpoints.tensors().items()}
    other = checkpoints.write(tmp_path / "other", same)
    assert loaded(convert_to(other, target, None)).keys() == same.keys()
    want = {k: v.astype(mx.bfloat16) for k, v in same.items()}
    assert all(mx.array_equal(value, want[name]).item() for name, value in loaded(target).items())


def convert_to(source, target, bits):
    convert(source, target, bits)
    return target


# Configurations


def test_the_4b_configuration_as_google_wrote_it(tmp_path):
    """Its config.json names only what differs from transformers' defaults."""
    text = {"hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text"}
    text |= {
        "num_hidden_layers": 34,
        "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
        "sliding_window": 1024,
    }
    outer = {"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", "text_config": text}
    (tmp_path / "config.json").write_text(json.dumps(outer))
    config = read_config(tmp_path)
    assert (config.vocab_size, config.num_attention_heads, config.num_key_value_heads) == (262_208, 8, 4)
    assert (config.head_dim, config.query_pre_attn_scalar, config.max_position_embeddings) == (
        256,
        256,
        131_072,
    )
    assert [i for i, kind in enumerate(config.layer_types) if kind == GLOBAL] == [5, 11, 17, 23, 29]
    assert config.rope_scaling is not None
    assert (config.rope_theta, config.rope_local_base_freq, config.rope_scaling.factor) == (1e6, 1e4, 8.0)


def test_transformers_4_and_5_spell_one_model(tmp_path):
    old = {k: v for k, v in CONFIG.items() if k not in ("rope_parameters", "layer_types")}
    old |= {"rope_theta": 1e6, "rope_local_base_freq": 1e4, "rope_scaling": {"type": "linear", "factor": 8.0}}
    found = []
    for name, config in (("old", old | {"sliding_window_pattern": 3}), ("new", CONFIG)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps(config))
        found.append(read_config(tmp_path / name))
    assert found[0] == found[1]
    assert found[0].layer_types == [SLIDING, SLIDING, GLOBAL]


# INT4


def test_int4_is_nearer_to_the_weights_than_mlx_own_and_mlx_can_read_it():
    weights = mx.random.normal((256, 512), key=mx.random.key(1)).astype(mx.bfloat16)
    both = quantise(weights, 4, 64), mx.quantize(weights, group_size=64, bits=4)
    ours, theirs = ([q[0], *(part.astype(mx.float32) for part in q[1:])] for q in both)
    values = [mx.dequantize(*q, group_size=64, bits=4) for q in (ours, theirs)]
    errors = [mx.square(v - weights.astype(mx.float32)).mean().item() for v in values]
    assert errors[0] < 0.95 * errors[1]
    x = mx.random.normal((3, 512), key=mx.random.key(2))
    assert mx.allclose(mx.quantized_matmul(x, *ours), x @ values[0].T, atol=1e-3).item()


@pytest.mark.parametrize(("bits", "most"), [(4, 0.1), (8, 0.006)])
def test_every_matrix_is_near_its_original(source, target, bits, most):
    """The share is that of normally distributed weights: spacing of 2^bits levels over a group's range."""
    about = convert(source, target, bits, 32)
    assert about.precision == f"INT{bits} g32"
    original, stored = checkpoints.tensors(), loaded(target)
    dense = base.dequantise(stored, 32)
    assert dense.keys() == original.keys()
    for name, want in original.items():
        error = mx.linalg.norm(dense[name].astype(mx.float32) - want.astype(mx.float32))
        assert (
            error.item() < (most if want.ndim == 2 else 1e-9) * mx.linalg.norm(want.astype(mx.float32)).item()
        )


def test_int4_kept_in_memory_computes_what_dequantised_weights_compute(source, target, monkeypatch):
    """A model too large for float32 stays INT4, with keys and values in bfloat16 (8 bits of precision)."""
    convert(source, target)
    dense = base.load(target).model
    monkeypatch.setattr(base, "FLOAT_SHARE", 0)
    kept = base.load(target).model
    assert "scales" in kept.model.layers[0].mlp.up_proj
    want, got, cache = dense(mx.array([IDS])), kept(mx.array([IDS])), kept.make_cache()
    assert mx.abs(want - got).max().item() < 2**-7 * mx.abs(want).max().item()
    steps = mx.concatenate([kept(mx.array([[token]]), cache) for token in IDS], axis=1)
    assert mx.abs(want - steps).max().item() < 2**-7 * mx.abs(want).max().item()


def test_zeros_stay_zeros_and_constants_constant():
    """Unused rows of a vocabulary are zero; a scale of zero must not make them NaN."""
    weights = mx.concatenate([mx.zeros((2, 64)), mx.full((2, 64), 0.5)])
    assert mx.array_equal(mx.dequantize(*quantise(weights, 4, 64), group_size=64, bits=4), weights).item()


@pytest.mark.parametrize(("written", "noted"), [(["story", "letter"], ["story", "letter"]), ("story", [])])
def test_the_control_codes_a_base_was_trained_with_are_noted(tmp_path, target, written, noted):
    source = checkpoints.write(tmp_path / "coded", config=CONFIG | {"control_codes": written})
    assert convert(source, target).codes == noted
    assert manifest.read(target).codes == noted


def test_manifest_tells_what_was_made(source, target):
    (source / "README.md").write_text("---\nlibrary_name: transformers\nlicense: gemma\n---\nA card.\n")
    about = convert(source, target, embedding_bits=8)
    assert about == manifest.read_verified(target)
    assert (about.name, about.source, about.licence) == ("tiny", "source", "gemma")
    assert about.precision == "INT4 g64, embedding INT8"
    assert about.parameters == sum(value.size for value in checkpoints.tensors().values())
    assert set(about.files) == {"config.json", "tokenizer.json", "model-00001-of-00001.safetensors"}
    assert (target / "README.md").exists()
    assert [path.stat().st_mode & 0o077 for path in target.iterdir()] == [0] * 5


def test_shards_are_cut_at_the_limit(source, target, monkeypatch):
    monkeypatch.setattr("killah.gemma.convert.SHARD_BYTES", 30_000)
    about = convert(source, target)
    shards = [file for name, file in about.files.items() if name.endswith(".safetensors")]
    assert len(shards) > 2
    assert max(file.bytes for file in shards) < 30_000 + 5_000  # and a header
    assert base.load(target).model(mx.array([IDS])).shape == (1, 60, 320)


# Whole or not at all


def test_interrupted_conversion_leaves_nothing(source, target):
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(source, target, progress=interrupt)
    assert list(target.parent.iterdir()) == []


def test_what_a_killed_conversion_left_is_swept_up(source, target):
    """Processes of this number cannot exist; the old model it had moved aside comes back."""
    convert(source, target)
    first = manifest.read(target)
    target.rename(target.parent / ".tiny.99999999.old")
    (target.parent / ".tiny.99999999.new").mkdir()
    with pytest.raises(KillahError, match="not finite"):
        convert(broken_values(source), target, force=True)
    assert manifest.read_verified(target) == first
    assert leftovers(target.parent) == []


def broken_values(source):
    weights = checkpoints.tensors()
    weights["model.layers.1.mlp.up_proj.weight"][3, 5] = float("nan")
    return checkpoints.write(source, weights)


def test_a_full_disk_leaves_the_old_model(source, target):
    first = convert(source, target)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(KillahError, match=r"^Cannot write .*safetensors"):
            convert(source, target, force=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert manifest.read_verified(target) == first
    assert leftovers(target.parent) == []


def test_no_room_is_said_before_anything_is_written(source, target, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    with pytest.raises(KillahError, match=r"needs \d+ MB, but .* has 0 MB free"):
        convert(source, target)
    assert not target.parent.exists()


def test_an_existing_model_is_replaced_only_with_force(source, target):
    convert(source, target)
    with pytest.raises(KillahError, match=r"exists already\. Give --force"):
        convert(source, target)
    assert convert(source, target, group_size=32, force=True) == manifest.read_verified(target)
    assert leftovers(target.parent) == []


def test_a_folder_that_is_no_model_is_never_replaced(source, tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "to-mother.txt").write_text("Dear Mother")
    for other in (tmp_path / "letters", source):
        with pytest.raises(KillahError):
            convert(source, other, force=True)
    assert (tmp_path / "letters" / "to-mother.txt").exists()


# Bad input: one sentence each, and nothing left behind


def rewrite(name):
    def change(folder, **values):
        path = folder / name
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return change


config = rewrite("config.json")


def reweigh(folder, **changes):
    """Replace (or, with None, remove) tensors of the single file."""
    weights = checkpoints.tensors() | {name.replace("__", "."): value for name, value in changes.items()}
    checkpoints.write(folder, {name: value for name, value in weights.items() if value is not None})


def cut(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])


def overwrite(name, data):
    return lambda folder: (folder / name).write_bytes(data)


def only_pickle(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def lose_shard(folder):
    checkpoints.write(folder, shards=2)
    (folder / "model.safetensors").unlink()
    (folder / "model-00002-of-00002.safetensors").unlink()


def sentencepiece_only(folder):
    (folder / "tokenizer.json").rename(folder / "tokenizer.model")


ALIEN = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
BAD = {
    "other architecture": (lambda f: config(f, **ALIEN), "describes LlamaForCausalLM"),
    "classifier": (lambda f: config(f, architectures=["Gemma3ForSequenceClassification"]), "Classification"),
    "quantised elsewhere": (lambda f: config(f, quantization_config={"bits": 4}), "is quantised already"),
    "quantised by mlx": (lambda f: reweigh(f, model__norm__scales=mx.zeros(2)), "is quantised already"),
    "bidirectional": (lambda f: config(f, use_bidirectional_attention=True), "use_bidirectional_attention"),
    "untied": (lambda f: config(f, tie_word_embeddings=False), "tie_word_embeddings"),
    "yarn": (
        lambda f: config(f, rope_parameters={GLOBAL: {"rope_type": "yarn", "factor": 2}}),
        "rope_scaling",
    ),
    "layer count": (lambda f: config(f, num_hidden_layers=4), "4 layers but 3 layer types"),
    "config not JSON": (overwrite("config.json", b"{"), "config.json is not JSON"),
    "config missing": (lambda f: (f / "config.json").unlink(), "config.json is missing"),
    "pickle": (only_pickle, "pytorch_model.bin, a pickle"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "holds no .safetensors"),
    "missing shard": (lose_shard, "model-00002-of-00002.safetensors is missing"),
    "cut short": (cut, "model.safetensors is cut short"),
    "not safetensors": (overwrite("model.safetensors", b"PK\3\4" * 99), "is not a safetensors file"),
    "empty": (overwrite("model.safetensors", b""), "is not a safetensors file"),
    "git lfs": (
        overwrite("model.safetensors", b"version https://git-lfs.github.com/spec/v1"),
        "Git LFS pointer",
    ),
    "missing tensor": (
        lambda f: reweigh(f, model__norm__weight=None),
        "lacks 1 of 41 tensors, model.norm.weight",
    ),
    "extra tensor": (lambda f: reweigh(f, score__weight=mx.zeros(3)), "it holds score.weight"),
    "wrong shape": (lambda f: reweigh(f, model__norm__weight=mx.zeros(63)), r"is \[63\], but .* says \[64\]"),
    "integers": (lambda f: reweigh(f, model__norm__weight=mx.zeros(64, mx.int8)), "stored as I8"),
    "nan": (broken_values, r"up_proj.weight in .* not finite"),
    "tokenizer missing": (lambda f: (f / "tokenizer.json").unlink(), "tokenizer.json is missing"),
    "sentencepiece": (sentencepiece_only, "has tokenizer.model but no tokenizer.json"),
    "tokenizer too large": (
        lambda f: checkpoints.write(f, config=CONFIG | {"vocab_size": 259}),
        "vocab|tokens",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence_and_no_folder(name, source, target):
    spoil, sentence = BAD[name]
    spoil(source)
    with pytest.raises(KillahError, match=sentence) as caught:
        convert(source, target)
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert not target.exists()
    assert not target.parent.exists() or leftovers(target.parent) == []


def test_group_size_must_divide_the_columns(tmp_path, target):
    narrow = CONFIG | {"hidden_size": 96}
    source = checkpoints.write(tmp_path / "narrow", checkpoints.tensors(narrow), narrow)
    with pytest.raises(KillahError, match="96 columns, not a multiple of the group size 64"):
        convert(source, target)
    assert convert(source, target, group_size=32).precision == "INT4 g32"


def test_a_configuration_that_was_damaged_afterwards_is_one_sentence(source, target):
    """What is made of a model (a bundle, an adapter, a plan) reads it alone."""
    convert(source, target)
    assert TextConfig.of(target).hidden_size == CONFIG["hidden_size"]
    values = json.loads((target / "config.json").read_text())
    (target / "config.json").write_text(json.dumps(values | {"num_hidden_layers": 9}))
    with pytest.raises(KillahError, match=r"config\.json is damaged\. Convert the model again\."):
        TextConfig.of(target)
