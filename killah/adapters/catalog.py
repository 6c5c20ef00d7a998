"""Which adapters there are: the user's own, and those shipped with Killah, by base model."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from killah import paths
from killah.adapters import package
from killah.adapters.card import NAME, AdapterCard
from killah.errors import KillahError
from killah.gemma import catalog as models
from killah.gemma import manifest

_NAME = re.compile(NAME)


@dataclass(frozen=True)
class Installed:
    """An adapter folder found on this machine; `card` is None when it is unreadable, `problem` says why.

    `problem` is also set where the adapter cannot work with the base as it is installed.
    """

    name: str
    base: str
    folder: Path
    shipped: bool
    card: AdapterCard | None
    problem: str = ""

    @property
    def bytes(self) -> int:
        """Size of its weights on disk."""
        path = self.folder / package.WEIGHTS
        return path.stat().st_size if path.is_file() else 0


def check_name(name: str) -> str:
    """`name` if it can name an adapter. Raises `KillahError`."""
    if not _NAME.fullmatch(name):
        raise KillahError(f"{name!r} cannot be an adapter's name.", "Use letters, digits, dots and hyphens.")
    return name


def own_folder(name: str, base_name: str) -> Path:
    """Where the user's adapter of that name is, or would be. Raises `KillahError` for what is no name."""
    return paths.adapters_dir() / _check_base_name(base_name) / check_name(name)


def find(name_or_folder: str | Path, base_name: str) -> Path:
    """Folder of an adapter: by name among the user's own, then the shipped ones; else as a path.

    Raises `KillahError` that lists what is there. What the folder holds is `package`'s to check.
    """
    name = str(name_or_folder)
    if isinstance(name_or_folder, str) and _NAME.fullmatch(name):
        for root, _ in _roots():
            if (root / _check_base_name(base_name) / name / package.NAME).is_file():
                return root / base_name / name
    folder = Path(name_or_folder).expanduser()
    if folder.is_dir():
        return folder
    names = ", ".join(adapter.name for adapter in installed(base_name)) or "none"
    raise KillahError(f"There is no adapter {name!r} for {base_name}.", f"Installed: {names}.")


def installed(base_name: str | None = None) -> list[Installed]:
    """Every adapter (of one base), the user's own first; one of them hides a shipped one of its name."""
    found: dict[tuple[str, str], Installed] = {}
    for root, shipped in _roots():
        for path in _packages(root, base_name):
            key = (path.parent.name, path.name)
            if key not in found:
                found[key] = _inspect(path, shipped)
    return list(found.values())


def own(name: str, base_name: str) -> Path:
    """Folder of one of the user's own adapters. Raises `KillahError` for a shipped one, and for none."""
    folder = own_folder(name, base_name)
    if not (folder / package.NAME).is_file():
        if (paths.shipped("adapters") / base_name / name / package.NAME).is_file():
            raise KillahError(
                f"{name} is shipped with Killah and stays.", "One of yours by its name hides it."
            )
        raise KillahError(f"You have no adapter {name!r} for {base_name}.", "See `killah adapters list`.")
    return folder


def remove(name: str, base_name: str) -> Path:
    """Delete one of the user's own adapters and return where it was. Raises `KillahError`."""
    folder = own(name, base_name)
    paths.remove(folder)
    return folder


def _roots() -> tuple[tuple[Path, bool], ...]:
    return (paths.adapters_dir(), False), (paths.shipped("adapters"), True)


def _packages(root: Path, base_name: str | None) -> Iterator[Path]:
    bases = sorted(root.glob("*/")) if base_name is None else [root / _check_base_name(base_name)]
    for base in bases:
        for path in sorted(base.glob(f"*/{package.NAME}")):
            if not path.parent.name.startswith("."):
                yield path.parent


def _inspect(folder: Path, shipped: bool) -> Installed:
    name, base = folder.name, folder.parent.name
    try:
        card = package.read_card(folder)
    except KillahError as error:
        return Installed(name, base, folder, shipped, None, str(error))
    problem = "" if (folder / package.WEIGHTS).is_file() else f"{package.WEIGHTS} is missing."
    return Installed(name, base, folder, shipped, card, problem or _base_problem(card))


def _base_problem(card: AdapterCard) -> str:
    """Why the adapter cannot work with its base as it is installed; a base that is not there is no fault."""
    try:
        about = manifest.read(models.find(card.base))
    except KillahError:
        return ""
    try:
        package.check_bound(card, about)
    except KillahError as error:
        return str(error)
    return ""


def _check_base_name(name: str) -> str:
    """A base's name as the name of a folder, never as a path."""
    if name in ("", ".", "..") or Path(name).name != name:
        raise KillahError(f"{name!r} cannot be a model's name.", "Give a name from `killah models list`.")
    return name
