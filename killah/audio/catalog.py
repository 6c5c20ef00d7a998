"""Which speech encoders are on this machine: pulled by this user, or shipped with Killah.

An encoder is a folder in the Hugging Face form, told from a base by the model_type in its config.json.
"""

from pathlib import Path
from typing import Literal

from killah import paths
from killah.errors import KillahError
from killah.hub.catalog import NAME, known
from killah.hub.files import read_json

CONFIG = "config.json"
Kind = Literal["wav2vec2", "whisper"]
KINDS = ("wav2vec2", "whisper")


def kind(folder: Path) -> Kind:
    """What the folder holds. Raises `KillahError` if it is not a speech encoder Killah knows."""
    found = read_json(folder / CONFIG).get("model_type")
    if found in KINDS:
        return found
    raise KillahError(
        f"{folder} is not a speech encoder: its {CONFIG} describes {found or 'no model'}.",
        "Killah hears with wav2vec2 and whisper.",
    )


def find(name_or_folder: str | Path) -> Path:
    """Folder of an encoder: by name among the user's own, then the shipped ones; else as a path.

    Raises `KillahError` that lists what is there. Whether its files are whole is found out by loading it.
    """
    name = str(name_or_folder)
    if isinstance(name_or_folder, str) and NAME.fullmatch(name):
        for root in (paths.models_dir(), paths.shipped("models")):
            if _is_encoder(root / name):
                return root / name
    folder = Path(name_or_folder).expanduser()
    if folder.is_dir():
        return folder
    hint = f"Installed: {', '.join(folder.name for folder in installed()) or 'none'}."
    if name in known() and known()[name].kind == "encoder":
        hint = f"Run `killah models pull {name}`. {hint}"
    raise KillahError(f"There is no speech encoder {name!r}.", hint)


def installed() -> list[Path]:
    """Folders of all encoders, the user's own first; one of them hides a shipped one of its name."""
    found: dict[str, Path] = {}
    for root in (paths.models_dir(), paths.shipped("models")):
        for folder in sorted(path.parent for path in root.glob(f"*/{CONFIG}")):
            if folder.name not in found and not folder.name.startswith(".") and _is_encoder(folder):
                found[folder.name] = folder
    return list(found.values())


def _is_encoder(folder: Path) -> bool:
    try:
        kind(folder)
    except KillahError:
        return False
    return True
