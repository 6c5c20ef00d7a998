"""Which models there are: converted by this user, shipped with Killah, and known to be pullable."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from killah import paths
from killah.errors import KillahError
from killah.gemma import manifest
from killah.gemma.manifest import Manifest

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Entry(BaseModel):
    """A model on the hub. `download` is in bytes; `gated` means its licence must be accepted there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repository: str
    kind: Literal["base"]
    about: str
    licence: str
    gated: bool
    download: int


@dataclass(frozen=True)
class Installed:
    """A model folder found on this machine; `manifest` is None when it is unreadable, `problem` says why."""

    name: str
    folder: Path
    shipped: bool
    manifest: Manifest | None
    problem: str = ""


@cache
def known() -> dict[str, Entry]:
    """Pullable models by name."""
    raw = tomllib.loads(Path(__file__).with_name("catalog.toml").read_text("utf-8"))
    return {name: Entry.model_validate(entry) for name, entry in raw.items()}


def entry(name: str) -> Entry:
    """The pullable model of that name. Raises `KillahError`."""
    if name not in known():
        raise KillahError(
            f"Killah does not know where to pull {name!r} from.", f"Known: {', '.join(known())}."
        )
    return known()[name]


def check_name(name: str) -> str:
    """`name` if it can name a folder of models. Raises `KillahError`."""
    if not _NAME.fullmatch(name):
        raise KillahError(f"{name!r} cannot be a model's name.", "Use letters, digits, dots and hyphens.")
    return name


def find(name_or_folder: str | Path) -> Path:
    """Folder of a model: by name among the user's own, then the shipped ones; else as a path.

    Raises `KillahError` that lists what is there. What the folder holds is `manifest`'s to check.
    """
    name = str(name_or_folder)
    if isinstance(name_or_folder, str) and _NAME.fullmatch(name):
        for root in (paths.models_dir(), paths.shipped("models")):
            if (root / name / manifest.NAME).is_file():
                return root / name
    folder = Path(name_or_folder).expanduser()
    if folder.is_dir():
        return folder
    hint = f"Installed: {', '.join(model.name for model in installed()) or 'none'}."
    if name in known():
        hint = f"Run `killah models pull {name}`. {hint}"
    raise KillahError(f"There is no model {name!r}.", hint)


def installed() -> list[Installed]:
    """Every model folder, the user's own first; one of them hides a shipped one of its name."""
    found: dict[str, Installed] = {}
    for root, shipped in ((paths.models_dir(), False), (paths.shipped("models"), True)):
        for path in sorted(root.glob(f"*/{manifest.NAME}")):
            name = path.parent.name
            if name not in found and not name.startswith("."):
                found[name] = _inspect(path.parent, shipped)
    return list(found.values())


def _inspect(folder: Path, shipped: bool) -> Installed:
    try:
        return Installed(folder.name, folder, shipped, manifest.read(folder))
    except KillahError as error:
        return Installed(folder.name, folder, shipped, None, str(error))
