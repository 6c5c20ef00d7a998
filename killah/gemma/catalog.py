"""Which bases are on this machine: converted by this user, or shipped with Killah."""

from dataclasses import dataclass
from pathlib import Path

from killah import paths
from killah.errors import KillahError
from killah.gemma import manifest
from killah.gemma.manifest import Manifest
from killah.hub.catalog import NAME, known


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
    name = str(name_or_folder)
    if isinstance(name_or_folder, str) and NAME.fullmatch(name):
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
