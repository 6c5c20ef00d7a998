"""Pulling a base: from the hub into the user's models, converted."""

import shutil

from killah import paths
from killah.errors import KillahError
from killah.gemma.convert import Progress, convert
from killah.gemma.manifest import Manifest
from killah.hub import catalog
from killah.hub.download import download, download_dir

ROOM = 1.4  # times the download: a third more for INT4


def pull(name: str, *, force: bool = False, keep: bool = False, progress: Progress | None = None) -> Manifest:
    """Download a base of the catalogue, convert it to INT4 into the user's models, drop the download.

    `keep` keeps the downloaded original. A download that was cut off goes on where it stopped. Raises
    `KillahError` that says how to go on without the hub, or how to get access to a gated model.
    """
    entry = catalog.entry(name)
    target = paths.models_dir() / name
    if target.exists() and not force:
        raise KillahError(f"{name} is installed already.", "Give --force to pull it again.")
    place = download_dir(entry)
    by_hand = (
        f"Put its config.json, tokenizer.json and .safetensors files into {place} yourself,"
        f" then run `killah models convert {place} {name}`."
    )
    folder = download(entry, by_hand, ROOM * entry.download)
    result = convert(
        folder, target, origin=entry.repository, licence=entry.licence, force=force, progress=progress
    )
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    return result
