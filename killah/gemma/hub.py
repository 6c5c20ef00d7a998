"""Fetching a model from the Hugging Face hub: the only place where Killah uses the network."""

import errno
import shutil
from pathlib import Path

from killah import paths
from killah.errors import KillahError
from killah.gemma import catalog
from killah.gemma.catalog import Entry
from killah.gemma.convert import Progress, convert
from killah.gemma.manifest import Manifest

WANTED = ["*.safetensors", "*.json", "README.md", "LICENSE*", "NOTICE*"]
UNWANTED = ["*/*"]  # subfolders hold other formats of the same weights
PATIENCE = 10.0  # seconds without an answer
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


def pull(name: str, *, force: bool = False, keep: bool = False, progress: Progress | None = None) -> Manifest:
    """Download a model of the catalogue, convert it to INT4 into the user's models, drop the download.

    `keep` keeps the downloaded original. A download that was cut off goes on where it stopped. Raises
    `KillahError` that says how to go on without the hub, or how to get access to a gated model.
    """
    entry = catalog.entry(name)
    target = paths.models_dir() / name
    if target.exists() and not force:
        raise KillahError(f"{name} is installed already.", "Give --force to pull it again.")
    folder = paths.private_dir(download_dir(entry))
    _download(name, entry, folder)
    result = convert(
        folder, target, origin=entry.repository, licence=entry.licence, force=force, progress=progress
    )
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    return result


def download_dir(entry: Entry) -> Path:
    """Where a download lies until it is converted, and where to put files fetched by hand."""
    return paths.data_dir() / "downloads" / entry.repository.split("/")[1]


def _download(name: str, entry: Entry, folder: Path) -> None:
    _check_space(entry, folder)
    import httpx2  # what the hub's client is built on
    import huggingface_hub
    from huggingface_hub import errors

    by_hand = (
        f"Put its config.json, tokenizer.json and .safetensors files into {folder} yourself,"
        f" then run `killah models convert {folder} {name}`."
    )
    try:
        # One question without retries first: a machine that is offline learns it at once.
        huggingface_hub.HfApi().model_info(entry.repository, timeout=PATIENCE)
        huggingface_hub.snapshot_download(
            entry.repository, local_dir=folder, allow_patterns=WANTED, ignore_patterns=UNWANTED
        )
    except errors.RepositoryNotFoundError as error:  # a gated one is a kind of this
        raise KillahError(
            f"The hub does not let you have {entry.repository}.",
            f"Accept its licence at https://huggingface.co/{entry.repository}, run `hf auth login`, repeat.",
        ) from error
    except errors.OfflineModeIsEnabled as error:
        raise KillahError("HF_HUB_OFFLINE is set: nothing is pulled.", f"Unset it. Or: {by_hand}") from error
    except (httpx2.HTTPError, errors.XetDownloadError, OSError) as error:
        if isinstance(error, OSError) and error.errno in _DISK:
            raise paths.cannot_write(folder, error) from error
        raise KillahError(f"The hub cannot be reached for {entry.repository}.", by_hand) from error


def _check_space(entry: Entry, folder: Path) -> None:
    have = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    free, needed = shutil.disk_usage(folder).free, entry.download * 1.4 - have  # and a third for INT4
    if free < needed:
        raise KillahError(
            f"Pulling needs {needed / 1e9:.1f} GB, but {folder} has {free / 1e9:.1f} GB free.",
            "Free some space.",
        )
