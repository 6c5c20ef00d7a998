"""Folders of models, bases and speech encoders: the user's own under one roof, and the shipped ones."""

from collections.abc import Callable
from pathlib import Path

from killah import paths
from killah.errors import KillahError
from killah.hub.catalog import NAME, check_name

CONFIG = "config.json"  # every model has one


def find(name_or_folder: str | Path, is_one: Callable[[Path], bool]) -> Path | None:
    """By name among the user's own, then the shipped ones; else as a path. None where there is no folder."""
    if isinstance(name_or_folder, str) and NAME.fullmatch(name_or_folder):
        for root, _ in _roots():
            if is_one(root / name_or_folder):
                return root / name_or_folder
    folder = Path(name_or_folder).expanduser()
    return folder if folder.is_dir() else None


def installed(is_one: Callable[[Path], bool]) -> list[tuple[Path, bool]]:
    """Each folder, and whether it is shipped, by name; one of the user's own hides a shipped one."""
    found: dict[str, tuple[Path, bool]] = {}
    for root, shipped in _roots():
        for folder in sorted(root.glob("*/")):
            if folder.name not in found and not folder.name.startswith(".") and is_one(folder):
                found[folder.name] = folder, shipped
    return list(found.values())


def own(name: str) -> Path:
    """Folder of one of the user's own models. Raises `KillahError` for a shipped one, and for none."""
    folder = paths.models_dir() / check_name(name)
    if not (folder / CONFIG).is_file():
        if (paths.shipped("models") / name / CONFIG).is_file():
            raise KillahError(
                f"{name} is shipped with Killah and stays.", "One of yours by its name hides it."
            )
        raise KillahError(f"You have no model {name!r}.", "See `killah models list`.")
    return folder


def remove(name: str) -> Path:
    """Delete one of the user's own models and return where it was. Raises `KillahError`."""
    folder = own(name)
    paths.remove(folder)
    return folder


def _roots() -> tuple[tuple[Path, bool], ...]:
    return (paths.models_dir(), False), (paths.shipped("models"), True)
