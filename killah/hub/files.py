"""The files of a model folder in the Hugging Face format. Only safetensors: pickles run code when opened."""

import json
import re
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from killah.errors import KillahError

INDEX = "model.safetensors.index.json"
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


def weight_files(folder: Path, instead: str = "Take the .safetensors files of the same model.") -> list[Path]:
    """The safetensors of `folder`: every shard that its index names, else all there are.

    Raises `KillahError` where one is missing, or there is none; for pickles, `instead` says what to do.
    """
    index = folder / INDEX
    if index.is_file():
        weight_map = read_json(index).get("weight_map")
        if not isinstance(weight_map, dict):
            raise KillahError(f"{index} has no weight_map.", "Download it again.")
        names = sorted({Path(str(name)).name for name in weight_map.values()})
        if missing := [name for name in names if not (folder / name).is_file()]:
            raise KillahError(
                f"{folder / missing[0]} is missing.", "Download every shard that the index names."
            )
        return [folder / name for name in names]
    if files := sorted(folder.glob("*.safetensors")):
        return files
    if pickles := sorted(p.name for p in folder.iterdir() if p.suffix in PICKLES):
        raise KillahError(
            f"{folder} holds only {pickles[0]}, a pickle, which can run code when opened.", instead
        )
    raise KillahError(f"{folder} holds no .safetensors files.", "Put the model's weights there.")


def check_safetensors(path: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Type (F32, BF16, ...) and shape of each tensor in a file.

    Raises `KillahError` where its header or its size is wrong, which mlx.core.load would not notice.
    """
    try:
        with safe_open(path, "numpy") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - no dictionary
            return {name: (each.get_dtype(), tuple(each.get_shape())) for name, each in slices.items()}
    except (SafetensorError, OSError) as error:
        raise KillahError(
            f"{path} is not a safetensors file, or is cut short: {error}.", "Download it again."
        ) from error


def conversion(source: str, architectures: list[str] | None, target: str) -> str:
    """A command with which transformers makes safetensors of a pickle, for users who trust it."""
    kind = (architectures or ["AutoModel"])[0]
    return (
        f'python -c "from transformers import {kind} as M;'
        f" M.from_pretrained('{source}').save_pretrained('{target}')\""
    )


def licence(folder: Path) -> str:
    """`license:` in the front matter of README.md; empty if there is none."""
    try:
        text = (folder / "README.md").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    match = re.search(r"\A---\n(?:.*\n)*?license: *(\S+)$", text, re.MULTILINE)
    return match[1] if match else ""


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file of the folder. Raises `KillahError`."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise KillahError(f"{path} is missing.", "Give the folder of a Hugging Face model.") from error
    except OSError as error:
        raise KillahError(f"Cannot read {path}: {error.strerror}.") from error
    except ValueError as error:
        raise KillahError(f"{path} is not JSON.", "Download it again.") from error
    if not isinstance(value, dict):
        raise KillahError(f"{path} is not a JSON object.", "Download it again.")
    return value
