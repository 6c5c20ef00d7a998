"""Pulling a speech encoder: from the hub into the user's models, as it is."""

import shutil
from pathlib import Path

from killah import paths
from killah.audio import catalog
from killah.audio.catalog import Encoder
from killah.errors import KillahError
from killah.hub.catalog import entry
from killah.hub.download import download


def pull(name: str, *, force: bool = False) -> Encoder:
    """Download an encoder of the catalogue into the user's models, whole or not at all.

    A download that was cut off goes on where it stopped. Raises `KillahError` that says how to go on without
    the hub, or where it has no safetensors of that model.
    """
    target = paths.models_dir() / name
    if target.exists() and not force:
        raise KillahError(f"{name} is installed already.", "Give --force to pull it again.")
    by_hand = f"Put its .safetensors and .json files into {target} yourself: then it is installed."
    folder = download(entry(name), by_hand, entry(name).download)
    catalog.describe(folder)
    _place(folder, target)
    return catalog.describe(target)


def _place(folder: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.old")
    try:
        paths.private_dir(target.parent)
        shutil.rmtree(folder / ".cache", ignore_errors=True)  # the hub client's notes
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        folder.rename(target)
    except OSError as error:
        raise paths.cannot_write(target, error) from error
    shutil.rmtree(old, ignore_errors=True)
