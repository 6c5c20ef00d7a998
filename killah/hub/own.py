"""The user's own models, bases and speech encoders: one folder each under one roof."""

import shutil
from pathlib import Path

from killah import paths
from killah.errors import KillahError
from killah.hub.catalog import check_name

CONFIG = "config.json"  # every model has one


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
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise paths.cannot_write(folder, error) from error
    return folder
