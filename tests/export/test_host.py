"""The C++ host builds against the executorch wheel and writes what Killah's own runner writes."""

import importlib.util
import shutil
import subprocess
import sys
import wave
from dataclasses import dataclass
from pathlib import Path

import checkpoints
import loras
import numpy as np
import pieces
import pytest
from export.executorch import bundles

from killah import paths
from killah.adapters.package import Adapter
from killah.export import hf
from killah.export.composed import Composed, Weighted
from killah.gemma.convert import convert
from killah.gemma.tokenizer import Tokenizer

EXPORT = Path(__file__).parent.parent.parent / "export"
SOURCE = EXPORT / "host"
CONFIG = bundles.ONE_LAYER  # a host never sees how many there are

pytestmark = [
    pytest.mark.skipif(
        not (shutil.which("cmake") and shutil.which("c++")), reason="needs cmake and a compiler"
    ),
    pytest.mark.skipif(sys.platform != "linux", reason="the wheel's C++ libraries are for Linux"),
    pytest.mark.skipif(importlib.util.find_spec("executorch") is None, reason="pip install 'killah[export]'"),
    pytest.mark.filterwarnings("ignore"),  # torch's and ExecuTorch's own
]


@dataclass
class Host:
    """The program that was built, and a bundle."""

    program: Path
    bundle: Path

    def __call__(self, *arguments: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        command = [self.program, folder or self.bundle, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, check=False)
        # A random model writes bytes that are no text.
        out, err = (each.decode("utf-8", "replace") for each in (done.stdout, done.stderr))
        return subprocess.CompletedProcess(command, done.returncode, out, err)


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    folder = tmp_path_factory.mktemp("host")
    found = importlib.util.find_spec("executorch").submodule_search_locations[0]
    for command in (
        ["cmake", "-S", SOURCE, "-B", folder / "build", f"-DEXECUTORCH={found}"],
        ["cmake", "--build", folder / "build"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return Host(folder / "build" / "killah-host", bundle(folder))


def bundle(folder):
    """A tiny base with a LoRA in a data file, a persona and an ear, for XNNPACK.

    Only the ear is none of Killah's: that takes a minute to lower. A host feeds them alike.
    """
    import torch

    from killah.export.executorch import bundle as making
    from killah.export.executorch import lowering, manifest, parts, wish
    from killah.export.executorch.running import Program

    class Ear(torch.nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.frames = torch.nn.Conv1d(1, CONFIG["hidden_size"], 400, 320)

        def forward(self, samples):
            return 8 * self.frames(samples).transpose(1, 2)

    def hearing(methods, given, wanted):
        methods["audio_encoder"] = lowering.audio_encoder(Ear().eval(), 320, 80, 50)
        return manifest.Audio(encoder="frames", samples_per_token=320, extra_samples=80, longest=50)

    source = checkpoints.write(folder / "source", checkpoints.tensors(CONFIG), CONFIG)
    about = convert(source, folder / "tiny", bits=None)
    targets = ("k_proj", "up_proj")
    card = loras.card(about, "terse", target_modules=list(targets))
    terse = Weighted(Adapter(card, loras.tensors(folder / "tiny", targets)))
    composed = Composed(folder / "tiny", about, "terse", (terse,))
    layers = tuple(name.removesuffix(".lora_a") for name in terse.adapter.tensors if name.endswith("_a"))
    (out := folder / "bundle").mkdir()
    wanted = wish.Wish(out, "xnnpack", attention="plain", context=96, chunk=16, rank=4, layers=layers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "hearing", hearing)
        made = making._written(out, wish.Parts(composed), wanted, lambda step: None)
    soft = np.random.default_rng(0).normal(size=(2, CONFIG["hidden_size"])).astype("<f4")
    soft.tofile(out / "persona.f32")
    persona = manifest.Persona(width=1, tokens=2, space="", name="saki", file="persona.f32")
    manifest.write(out, made.model_copy(update={"persona": persona}))
    program = Program(out)
    prompt = torch.cat([program.embed([program.about.bos]), program.persona(), program.embed([9, 8, 7])], 1)
    probe = manifest.Probe(prompt=[9, 8, 7], expected=list(program.write(prompt, 12)))
    manifest.write(out, program.about.model_copy(update={"probe": probe}))
    return out


def test_it_writes_what_the_bundle_says_it_must(host):
    done = host("--probe")
    assert done.returncode == 0, done.stderr
    assert "tokens are as expected" in done.stdout


def test_text_and_sound_lead_to_the_text_of_killahs_own_runner(host, tmp_path):
    from killah.export.executorch import writing
    from killah.export.executorch.running import Program

    sound = (0.1 * np.random.default_rng(1).normal(size=12_345)).astype(np.float32)
    whole = np.round(sound * 32768).astype("<i2")
    with wave.open(str(tmp_path / "noise.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(whole.tobytes())
    program = Program(host.bundle)
    text, sound = "It was — 3 o'clock.", whole.astype(np.float32) / 32768
    written = set()
    for heard in (None, sound):
        ours = "".join(writing.stream(program, host.bundle, text, program.persona(), heard, 24))
        more = ["--audio", tmp_path / "noise.wav"] if heard is not None else []
        done = host("--prompt", text, "--tokens", 24, *more)
        assert done.returncode == 0, done.stderr
        assert done.stdout.removesuffix("\n") == ours
        written.add(done.stdout)
    assert len(written) == 2, "what was heard made no difference"


@pytest.mark.parametrize("kind", ["byte-level", "SentencePiece"])
def test_it_reads_text_as_the_same_tokens(host, tmp_path, kind):
    if kind == "byte-level":
        folder = paths.shipped("models") / "pushkin-nano"
    else:
        pieces.write(tmp_path)
        folder = tmp_path
    ours = Tokenizer(folder)
    for text in (
        hf.SAMPLE,
        "  The onis is\n\n in  the\tthen on.  ",
        "don't I'VE we'll 12a b3",
        "naïve 東京 <bos>",
    ):
        ids = [int(each) for each in host("--encode", text, folder=folder).stdout.split()]
        assert ids == ours.encode(text), text


def test_what_cannot_be_done_is_one_line(host, tmp_path):
    shutil.copytree(host.bundle, tmp_path / "cut")
    data = (tmp_path / "cut" / "killah.pte").read_bytes()
    (tmp_path / "cut" / "killah.pte").write_bytes(data[:-1])
    (tmp_path / "words.wav").write_text("no sound")
    wrong = {
        "killah.pte is not the file": host("--prompt", "a", folder=tmp_path / "cut"),
        "no adapter loud": host("--prompt", "a", "--adapter", "loud"),
        "is no WAV file": host("--prompt", "a", "--audio", tmp_path / "words.wav"),
        "longer than the bundle's context": host("--prompt", "word " * 96),
        "Unknown option --loud": host("--loud"),
        "Cannot read": host("--prompt", "a", folder=tmp_path),
    }
    for why, done in wrong.items():
        assert done.returncode == 1
        assert why in done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
        assert done.stdout == ""


def test_what_swift_takes_of_it_compiles():
    """The rest of the Swift package needs a Mac."""
    source = EXPORT / "swift" / "Sources" / "KillahTokens"
    command = ["c++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
    command += ["-I", str(source / "include"), str(source / "killah_tokens.cpp")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
