"""Which bases are on this machine: converted by this user, or shipped with Killah."""

from dataclasses import dataclass
from pathlib import Path

from killah.errors import KillahError
from killah.gemma import manifest
from killah.gemma.manifest import Manifest
from killah.hub import folders
from killah.hub.catalog import known


@dataclass(frozen=True)
class Installed:
    """A model folder found on this machine; `manifest` is None when it is unreadable, `problem` says why."""

    name: str
    folder: Path
    shipped: bool
    manifest: Manifest | None
    problem: str = ""


def find(name_or_folder: str | Path) -> Path:
    """Folder of a model: by name among the user's own, then the shipped ones; else as a path.

    Raises `KillahError` that lists what is there. What the folder holds is `manifest`'s to check.
    """
    if (folder := folders.find(name_or_folder, _is_base)) is not None:
        return folder
    name = str(name_or_folder)
    hint = f"Installed: {', '.join(model.name for model in installed()) or 'none'}."
    if name in known():
        hint = f"Run `killah models pull {name}`. {hint}"
    raise KillahError(f"There is no model {name!r}.", hint)


def installed() -> list[Installed]:
    """Every model folder, the user's own first; one of them hides a shipped one of its name."""
    return [_inspect(folder, shipped) for folder, shipped in folders.installed(_is_base)]


def _is_base(folder: Path) -> bool:
    return (folder / manifest.NAME).is_file()


def _inspect(folder: Path, shipped: bool) -> Installed:
    try:
        return Installed(folder.name, folder, shipped, manifest.read(folder))
    except KillahError as error:
        return Installed(folder.name, folder, shipped, None, str(error))
