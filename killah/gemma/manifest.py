"""`killah.json`: what a model folder holds, and proof that it still holds that.

Weights are hashed before they are used: a flipped bit in a language model is not an error message but
a slightly worse writer. Large models are hashed once, until their size or time of change differs.
"""

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from killah import paths
from killah.errors import KillahError

NAME = "killah.json"
FORMAT = 1
ALWAYS_HASHED = 256_000_000  # bytes of a whole model; below this a hash costs less than a quarter second


FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class Quantisation(BaseModel):
    """Affine integers: each `group_size` weights of a row share a scale and a bias."""

    bits: int
    group_size: int
    embedding_bits: int


class File(BaseModel):
    """A file's size in bytes and its SHA-256 in hexadecimal."""

    bytes: int
    sha256: str


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
    path = folder / NAME
    try:
        raw = json.loads(path.read_text("utf-8"))
        written = raw.get("format")
        if isinstance(written, int) and written > FORMAT:
            raise KillahError(f"{folder} was made by a newer Killah (format {written}).", "Update Killah.")
        return Manifest.model_validate(raw)
    except FileNotFoundError as error:
        raise _not_a_model(folder) from error
    except OSError as error:
        raise KillahError(f"Cannot read {path}: {error.strerror}.") from error
    except (ValidationError, ValueError, AttributeError) as error:
        raise KillahError(f"{path} is damaged.", next_step(folder, folder.name)) from error


def read_verified(folder: Path) -> Manifest:
    """The manifest, after every file was compared with it. Raises `KillahError` at the first difference."""
    manifest = read(folder)
    step = next_step(folder, manifest.name)
    seen = {} if manifest.bytes < ALWAYS_HASHED else _read_seen()
    new: dict[str, list[int | str]] = {}
    for name, file in manifest.files.items():
        path = folder / name
        try:
            status = path.stat()
            if status.st_size != file.bytes:
                raise KillahError(f"{path} has {status.st_size:,} bytes instead of {file.bytes:,}.", step)
            mark: list[int | str] = [status.st_size, status.st_mtime_ns, file.sha256]
            if seen.get(str(path.resolve())) == mark:
                continue
            if sha256(path) != file.sha256:
                raise KillahError(f"{path} is damaged: its SHA-256 is not the one in {NAME}.", step)
            new[str(path.resolve())] = mark
        except FileNotFoundError as error:
            raise KillahError(f"{path} is missing.", step) from error
        except OSError as error:
            raise KillahError(f"Cannot read {path}: {error.strerror}.", step) from error
    if new and manifest.bytes >= ALWAYS_HASHED:
        # On a read-only disk the next start hashes again: slower, not wrong.
        with contextlib.suppress(KillahError):
            paths.write_private(_seen_file(), json.dumps(seen | new))
    return manifest


def describe(path: Path) -> File:
    """Size and hash of a file."""
    return File(bytes=path.stat().st_size, sha256=sha256(path))


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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


def _seen_file() -> Path:
    return paths.state_dir() / "verified.json"


def _read_seen() -> dict[str, list[int | str]]:
    """Files that were hashed before: path -> [bytes, mtime in ns, sha256]."""
    try:
        seen = json.loads(_seen_file().read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # never written or damaged: hash again
    return seen if isinstance(seen, dict) else {}
