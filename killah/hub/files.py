"""The files of a model folder in the Hugging Face format. Only safetensors: pickles run code when opened."""

import json
from pathlib import Path
from typing import Any

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
