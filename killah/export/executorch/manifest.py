"""`manifest.json`: what a bundle holds, how a host feeds it, and proof that it still holds that.

A host reads the program (`program`) with the data files `base_data` (may be empty) and one of `adapters`, and
splices float32 vectors (1, n, `hidden`) in the order [BOS] [persona] [audio] [text] for `text_decoder`, which
also takes their positions (n,) int64 and returns the logits (1, 1, `vocabulary`) of what follows. Positions
start at 0, at most `chunk` go in at once, `context` in all. A call for position 0 begins a new text.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from killah import manifests, paths
from killah.adapters.card import AdapterCard
from killah.errors import KillahError
from killah.gemma.stack import Merge
from killah.manifests import File, FileName

NAME = "manifest.json"
FORMAT = 1
AGAIN = "Export the bundle again."

# fused: ExecuTorch's llama operators, which delegates leave alone and kernels_llm brings; fastest on a CPU.
# plain: ATen's own operators, which every runtime has and the MLX and Core ML delegates understand.
Attention = Literal["fused", "plain"]
Backend = Literal["xnnpack", "mlx", "coreml", "portable"]
Quantisation = Literal["none", "int8", "int4"]


class Strict(BaseModel):
    """Nothing but the fields it knows."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Member(Strict):
    """A LoRA of a composition: its place there (persona, audio, a task), its own name, its weight."""

    place: str
    name: str
    weight: float
    sha256: str
    """Of its weights, as its card says."""


class Composed(Strict):
    """A data file that makes the program one composition; a few megabytes."""

    file: FileName
    members: list[Member]
    merge: Merge
    mix: str = ""
    """The learned mixture, where `merge` is cat."""
    rank: int
    """Columns of the slot that it fills; the rest is zero."""


class Linear(Strict):
    """Where a data file keeps a layer's two factors: y = base(x) + (x a') b', a (rank, in), b (out, rank)."""

    width: int
    out: int
    a: str
    """The program's own name for a: the SHA-256 of what stood there when it was exported."""
    b: str


class Slot(Strict):
    """Room for LoRAs in `text_decoder`."""

    rank: int
    layers: dict[str, Linear]
    """By the module's name in Hugging Face's Gemma 3."""


class Audio(Strict):
    """How `audio_encoder` is fed: samples (1, 1, n) float32 in [-1, 1] to soft tokens (1, tokens, hidden)."""

    encoder: str
    rate: int = 16_000
    samples_per_token: int
    extra_samples: int
    """n is tokens * `samples_per_token` + `extra_samples`; what lacks is zeros behind the sound."""
    longest: int
    """Tokens that one call may make."""


class Persona(Strict):
    """How `persona_projector` is fed: a vector (1, `width`) float32 to soft tokens (1, `tokens`, hidden)."""

    width: int
    tokens: int
    space: str
    """Where the vector comes from."""
    name: str = ""
    """Whose soft tokens are in `file`; empty where no persona was named."""
    file: str = ""
    """Soft tokens (`tokens`, hidden) float32, little-endian, without a header."""


class Parity(Strict):
    """What `killah export check` found: the bundle in ExecuTorch beside the same composition in MLX."""

    logits: float
    """Largest difference of a logit after the prompt."""
    equal_tokens: int
    """Tokens of `tokens` until the two greedy continuations part."""
    tokens: int
    perplexity: float
    """Of `probe`'s text, by the bundle."""
    perplexity_mlx: float
    audio: float | None = None
    """How far soft tokens are apart, beside their root mean square: the largest difference of floats, the
    root mean square of the differences of rounded weights; None where there is no such method."""
    persona: float | None = None
    tokens_per_second: float
    passed: bool


class Probe(Strict):
    """What a host can try without MLX: greedy, it must write `expected` after the ids of `prompt`.

    Before them stand BOS and, where there is a `file`, the persona's soft tokens.
    """

    prompt: list[int]
    expected: list[int]


class Manifest(Strict):
    """The contents of `manifest.json`."""

    format: int = FORMAT
    composition: str
    base: str
    base_fingerprint: str
    backend: Backend
    quantisation: Quantisation
    precision: str
    """What that means here, in words."""
    program: FileName = "killah.pte"
    base_data: str = ""
    """Data file of the base's weights; empty where they are in the program."""
    adapter: str = ""
    """Which of `adapters` the composition is; empty in a merged bundle."""
    adapters: dict[str, Composed] = Field(default_factory=dict)
    merged: Composed | None = None
    """LoRAs that are in the weights themselves; their `file` is the program."""
    slot: Slot | None = None
    methods: list[str]
    operators: list[str]
    """Kernel libraries beyond ATen's that the program needs: llama, quantized."""
    hidden: int
    vocabulary: int
    context: int
    chunk: int
    bos: int
    ends: list[int]
    audio: Audio | None = None
    persona: Persona | None = None
    absent: dict[str, str] = Field(default_factory=dict)
    """Methods that the composition could have but this bundle has not, each with the reason."""
    delegated: dict[str, float] = Field(default_factory=dict)
    """Share of each method's operators that the backend took over."""
    left: dict[str, dict[str, int]] = Field(default_factory=dict)
    """The other operators of each method, by name."""
    unchecked: str = ""
    """What could not be checked where the bundle was made."""
    cards: list[AdapterCard] = Field(default_factory=list)
    versions: dict[str, str]
    files: dict[FileName, File] = Field(default_factory=dict)
    probe: Probe | None = None
    parity: Parity | None = None

    @property
    def bytes(self) -> int:
        """Size of the bundle."""
        return sum(file.bytes for file in self.files.values())


def write(folder: Path, about: Manifest) -> Manifest:
    """Write it, with size and hash of every file of the bundle; returned as written."""
    files = {
        path.name: manifests.describe(path)
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != NAME and not path.name.startswith(".")
    }
    done = about.model_copy(update={"files": files})
    paths.write_private(folder / NAME, done.model_dump_json(indent=1) + "\n")
    return done


def read(folder: Path) -> Manifest:
    """The manifest of a bundle, its files unchecked. Raises `KillahError`."""
    found = manifests.read(folder / NAME, Manifest, FORMAT, AGAIN)
    if found is None:
        raise KillahError(f"{folder} is not a bundle.", "Make one with `killah export executorch`.")
    return found


def read_verified(folder: Path) -> Manifest:
    """The manifest, after every file was compared with it. Raises `KillahError` at the first difference."""
    about = read(folder)
    manifests.verify(folder / NAME, about.files, AGAIN)
    return about
