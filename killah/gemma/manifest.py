"""`killah.json`: what a model folder holds, and proof that it still holds that."""

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from killah import manifests, paths
from killah.errors import KillahError
from killah.manifests import File, FileName

NAME = "killah.json"
FORMAT = 1


class Quantisation(BaseModel):
    """Affine integers: each `group_size` weights of a row share a scale and a bias."""

    bits: int
    group_size: int
    embedding_bits: int


class Manifest(BaseModel):
    """The contents of `killah.json`."""

    model_config = ConfigDict(extra="forbid")

    format: int = FORMAT
    name: str
    architecture: str = Field(description="Hugging Face model_type, for example gemma3_text.")
    source: str = Field(description="Where the weights come from: a hub name or a folder's name.")
    quantisation: Quantisation | None = Field(description="None where every weight is `dtype`.")
    dtype: str = "bfloat16"
    parameters: int
    files: dict[FileName, File] = Field(description="What computing depends on; cards and gates may change.")
    fingerprint: str = Field(description="Identity of the weights; adapters are bound to it.")
    codes: list[str] = Field(default=[], description="Control codes the base was trained with.")
    licence: str
    created_by: str

    @property
    def bytes(self) -> int:
        """Size of the model on disk."""
        return sum(file.bytes for file in self.files.values())

    @property
    def precision(self) -> str:
        """`INT4 g64`, `INT4 g64, embedding INT8` or `bfloat16`."""
        q = self.quantisation
        if q is None:
            return self.dtype
        own = f", embedding INT{q.embedding_bits}" if q.embedding_bits != q.bits else ""
        return f"INT{q.bits} g{q.group_size}{own}"


def fingerprint(files: dict[str, File]) -> str:
    """SHA-256 over the hashes of the weight files in the order of their names."""
    hashes = [files[name].sha256 for name in sorted(files) if name.endswith(".safetensors")]
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def read(folder: Path) -> Manifest:
    """The manifest of a converted model; sizes and hashes unchecked. Raises `KillahError`."""
    found = manifests.read(folder / NAME, Manifest, FORMAT, next_step(folder, folder.name))
    if found is None:
        raise _not_a_model(folder)
    return found


def read_verified(folder: Path) -> Manifest:
    """The manifest, after every file was compared with it. Raises `KillahError` at the first difference."""
    manifest = read(folder)
    manifests.verify(folder / NAME, manifest.files, next_step(folder, manifest.name))
    return manifest


def next_step(folder: Path, name: str) -> str:
    """What to do about a broken model."""
    if folder.resolve().is_relative_to(paths.shipped("models").resolve()):
        return "Install Killah again."
    return f"Run `killah models pull {name}`, or convert it again with --force."


def _not_a_model(folder: Path) -> KillahError:
    if not folder.is_dir():
        return KillahError(f"There is no model folder {folder}.", "See `killah models list`.")
    if (folder / "config.json").exists():
        return KillahError(f"{folder} is not converted yet.", f"Run `killah models convert {folder}`.")
    return KillahError(f"{folder} is not a model.", "See `killah models list`.")
