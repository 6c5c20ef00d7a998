"""Which speech encoders are on this machine: pulled by this user, or shipped with Killah.

An encoder is a folder in the Hugging Face form, told from a base by the model_type in its config.json.
"""

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Literal

from killah import paths
from killah.errors import KillahError
from killah.hub import folders
from killah.hub.catalog import known
from killah.hub.files import check_safetensors, licence, read_json, weight_files

CONFIG = "config.json"
Kind = Literal["wav2vec2", "whisper"]
KINDS = ("wav2vec2", "whisper")
PRECISIONS = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}


@dataclass(frozen=True)
class Encoder:
    """An encoder's folder, and what its files say; where they cannot be read, `problem` says why.

    `letters` is the size of its vocabulary, 0 where it does not spell; `bytes` are of weights.
    """

    name: str
    folder: Path
    shipped: bool
    kind: Kind
    parameters: int = 0
    precision: str = ""
    bytes: int = 0
    letters: int = 0
    licence: str = ""
    problem: str = ""


def kind(folder: Path) -> Kind:
    """What the folder holds. Raises `KillahError` if it is not a speech encoder Killah knows."""
    found = read_json(folder / CONFIG).get("model_type")
    if found in KINDS:
        return found
    raise KillahError(
        f"{folder} is not a speech encoder: its {CONFIG} describes {found or 'no model'}.",
        "Killah hears with wav2vec2 and whisper.",
    )


def is_encoder(folder: Path) -> bool:
    """Whether the folder holds a speech encoder; it may be broken otherwise."""
    try:
        kind(folder)
    except KillahError:
        return False
    return True


def find(name_or_folder: str | Path) -> Path:
    """Folder of an encoder: by name among the user's own, then the shipped ones; else as a path.

    Raises `KillahError` that lists what is there. Whether its files are whole is found out by loading it.
    """
    if (folder := folders.find(name_or_folder, is_encoder)) is not None:
        return folder
    name = str(name_or_folder)
    hint = f"Installed: {', '.join(folder.name for folder, _ in folders.installed(is_encoder)) or 'none'}."
    if name in known() and known()[name].kind == "encoder":
        hint = f"Run `killah models pull {name}`. {hint}"
    raise KillahError(f"There is no speech encoder {name!r}.", hint)


def installed() -> list[Encoder]:
    """Every encoder, the user's own first; one of them hides a shipped one of its name."""
    found = []
    for folder, shipped in folders.installed(is_encoder):
        try:
            found.append(describe(folder))
        except KillahError as error:
            found.append(Encoder(folder.name, folder, shipped, kind(folder), problem=str(error)))
    return found


def describe(folder: Path) -> Encoder:
    """What the files of an encoder say. Raises `KillahError` for what is missing, cut short or no encoder."""
    shapes = {}
    files = weight_files(folder)
    for file in files:
        shapes |= check_safetensors(file)
    dtype = next((dtype for dtype, _ in shapes.values()), "")
    spells = str((read_json(folder / CONFIG).get("architectures") or [""])[0]).endswith("ForCTC")
    vocabulary = folder / "vocab.json"
    return Encoder(
        name=folder.resolve().name,
        folder=folder,
        shipped=folder.resolve().is_relative_to(paths.shipped("models").resolve()),
        kind=kind(folder),
        parameters=sum(prod(shape) for _, shape in shapes.values()),
        precision=PRECISIONS.get(dtype, dtype),
        bytes=sum(file.stat().st_size for file in files),
        letters=len(read_json(vocabulary)) if spells and vocabulary.exists() else 0,
        licence=licence(folder),
    )
