"""Fetching a model's files from the Hugging Face hub: the only place where Killah uses the network."""

import errno
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from killah import paths
from killah.errors import KillahError
from killah.hub.catalog import Entry
from killah.hub.files import conversion

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

WANTED = ["*.safetensors", "*.json", "README.md", "LICENSE*", "NOTICE*"]
UNWANTED = ["*/*"]  # subfolders hold other formats of the same weights
PATIENCE = 10.0  # seconds without an answer
CONVERSION = ("SFconvertbot", "Adding `safetensors` variant of this model")  # who, and what it says
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


def download_dir(entry: Entry) -> Path:
    """Where a download lies until it is a model, and where to put files fetched by hand."""
    return paths.data_dir() / "downloads" / entry.repository.split("/")[1]


def download(entry: Entry, by_hand: str, needed: float) -> Path:
    """Fetch the safetensors and small files of `entry` and return their folder; never a pickle.

    A download that was cut off goes on where it stopped. `needed` is the room in bytes that the whole
    undertaking takes. Raises `KillahError`; without the hub its hint is `by_hand`.
    """
    folder = paths.private_dir(download_dir(entry))
    _check_space(folder, needed)
    import httpx2  # what the hub's client is built on
    import huggingface_hub
    from huggingface_hub import errors

    try:
        # One question without retries first: a machine that is offline learns it at once.
        info = huggingface_hub.HfApi().model_info(entry.repository, timeout=PATIENCE)
        huggingface_hub.snapshot_download(
            entry.repository,
            revision=_revision(info, by_hand),
            local_dir=folder,
            allow_patterns=WANTED,
            ignore_patterns=UNWANTED,
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
    return folder


def _revision(info: "ModelInfo", by_hand: str) -> str | None:
    """Where a repository has safetensors: on its main branch (None), or where the hub's own bot put them.

    The bot makes them of pickles and opens a pull request; transformers looks there too. Raises `KillahError`
    where it did not.
    """
    import huggingface_hub

    if any(file.rfilename.endswith(".safetensors") for file in info.siblings or []):
        return None
    for each in huggingface_hub.get_repo_discussions(info.id):
        if each.is_pull_request and each.status == "open" and (each.author, each.title) == CONVERSION:
            return f"refs/pr/{each.num}"
    kinds = (info.config or {}).get("architectures")
    raise KillahError(
        f"{info.id} holds only pickles, which can run code when opened.",
        f"If you trust it: {conversion(info.id, kinds, info.id.split('/')[1])}  {by_hand}",
    )


def _check_space(folder: Path, needed: float) -> None:
    have = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    free, missing = shutil.disk_usage(folder).free, needed - have
    if free < missing:
        raise KillahError(
            f"Pulling needs {missing / 1e9:.1f} GB, but {folder} has {free / 1e9:.1f} GB free.",
            "Free some space.",
        )
