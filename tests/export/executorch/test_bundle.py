"""What a host gets: a bundle that computes what Killah computes, whole or not at all."""

import json
import shutil

import pytest

from killah.export.executorch import check, manifest


def test_the_bundle_computes_what_mlx_computes(made):
    parity = manifest.read(made.bundle).parity
    assert parity is not None and parity.passed
    assert parity.logits < 1e-3
    assert parity.equal_tokens == parity.tokens == 64
    assert parity.persona is not None and parity.persona < 1e-3
    assert parity.perplexity == pytest.approx(parity.perplexity_mlx, rel=1e-4)


def test_the_manifest_tells_a_host_all_it_needs(made):
    about = manifest.read_verified(made.bundle)
    assert about.methods == ["token_embedding", "text_decoder", "persona_projector"]
    assert "audio" in about.absent["audio_encoder"]
    assert (about.hidden, about.vocabulary, about.context, about.bos) == (64, 320, 128, 2)
    assert about.adapter == "terse=0.7,warm=0.5"
    assert [each.name for each in about.adapters[about.adapter].members] == ["terse", "warm"]
    assert about.slot is not None and len(about.slot.layers) == 4
    assert about.probe is not None and len(about.probe.expected) == 64
    assert {card.name for card in about.cards} == {"terse", "warm", "persona-projector"}
    assert set(about.files) == {path.name for path in made.bundle.iterdir()} - {manifest.NAME}


def test_a_small_context_is_checked_on_as_much_text(tiny, tmp_path):
    """Thirteen tokens hold no usual prompt; perplexity is that of the same text in many pieces."""
    folder = tmp_path / "bundle"
    shutil.copytree(tiny.bundle, folder)
    about = manifest.read(folder)
    manifest.write(folder, about.model_copy(update={"context": 13, "chunk": 12}))
    found = check.check(folder)
    assert found.parity is not None and found.parity.passed
    assert (len(found.probe.prompt), found.parity.tokens) == (6, 6)
    assert [len(text) for text in check.texts(list(range(30)), 13)] == [13, 13, 6]


def test_executorch_reads_the_metadata_and_the_tokenizer(made):
    """Its multimodal runner asks for these by name; a bundle without them is mute in other people's apps."""
    from executorch.runtime import Runtime
    from pytorch_tokenizers import CppHFTokenizer

    about = manifest.read(made.bundle)
    program = Runtime.get().load_program(made.bundle / about.program)
    ask = {name: program.load_method(name).execute([])[0] for name in ("get_max_context_len", "get_bos_id")}
    assert ask == {"get_max_context_len": 128, "get_bos_id": 2}
    assert {"get_eos_ids", "get_vocab_size", "use_kv_cache", "get_max_seq_len"} <= program.method_names
    tokenizer = CppHFTokenizer()
    tokenizer.load(str(made.bundle / "tokenizer.json"))
    assert tokenizer.encode("It was.", bos=0, eos=0)


def test_run_writes_what_the_probe_says(made):
    """The command a developer tries first goes on from the prompt as the check did."""
    done = made.killah("export", "run", str(made.bundle), "--prompt", "It was", "--max-tokens", "8", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["text"]


def _newer(folder):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 9}))


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda folder: (folder / "killah.pte").write_bytes(b"ET12" * 9), "has 36 bytes instead of"),
        (lambda folder: (folder / "base.ptd").unlink(), "base.ptd is missing"),
        (_newer, "newer Killah (format 9)"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "manifest.json is damaged"),
        (lambda folder: (folder / "manifest.json").unlink(), "is not a bundle"),
    ],
    ids=["truncated", "missing", "newer", "damaged", "none"],
)
def test_a_broken_bundle_is_one_line(tiny, tmp_path, killah, harm, says):
    folder = tmp_path / "bundle"
    shutil.copytree(tiny.bundle, folder)
    harm(folder)
    done = killah("export", "run", str(folder), "--prompt", "It")
    assert done.code == 1
    assert says in done.err and len(done.err.strip().splitlines()) == 1


def test_what_is_not_there_is_one_line(tiny, tmp_path, killah):
    empty = killah("export", "check", str(tmp_path))
    assert empty.code == 1 and "is not a bundle" in empty.err
    other = killah("export", "run", str(tiny.bundle), "--prompt", "It", "--adapter", "nobody")
    assert other.code == 1
    assert other.err == "killah: The bundle has no adapter 'nobody'. It has: terse=0.7,warm=0.5.\n"


def test_what_has_no_ears_says_so(tiny, tmp_path, killah):
    (tmp_path / "none.wav").write_text("this is no sound")
    broken = killah("export", "run", str(tiny.bundle), "--audio", str(tmp_path / "none.wav"))
    assert broken.code == 1 and "is not audio" in broken.err
    import numpy as np
    import soundfile

    soundfile.write(tmp_path / "some.wav", np.zeros(16_000, np.float32), 16_000)
    deaf = killah("export", "run", str(tiny.bundle), "--audio", str(tmp_path / "some.wav"))
    assert deaf.code == 1 and "no ears" in deaf.err
