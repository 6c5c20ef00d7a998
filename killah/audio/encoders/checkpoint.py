"""Files of a speech encoder into a model: config.json checked, weights renamed, in the device's dtype."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import mlx.core as mx
import mlx.nn as nn
from pydantic import BaseModel, ValidationError

from killah import devices
from killah.errors import KillahError
from killah.hub.files import check_safetensors, conversion, read_json, weight_files

Config = TypeVar("Config", bound=BaseModel)


def dtype() -> mx.Dtype:
    """What to compute in: bfloat16, but float32 on a CPU, which is ten times faster at it."""
    return mx.float32 if devices.prepare().kind == "cpu" else mx.bfloat16


def read_config(folder: Path, form: type[Config]) -> Config:
    """config.json as a `form`. Raises `KillahError` where the two do not agree."""
    try:
        return form.model_validate(read_json(folder / "config.json"))
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "its numbers"
        raise KillahError(
            f"{folder} is a speech encoder that Killah cannot run: {where}: {problem['msg']}.",
            "Choose another model.",
        ) from error


def read_weights(folder: Path, rename: Callable[[str], str | None]) -> dict[str, mx.array]:
    """Tensors by the name that `rename` gives them, without those that get none; read when they are used.

    Raises `KillahError` for a pickle, and for a file that is missing, cut short or damaged.
    """
    weights: dict[str, mx.array] = {}
    kinds = read_json(folder / "config.json").get("architectures")
    instead = f"If you trust it: {conversion(str(folder), kinds, str(folder))}"
    for file in weight_files(folder, instead):
        check_safetensors(file)
        loaded = mx.load(str(file))
        assert isinstance(loaded, dict)
        weights |= {new: value for name, value in loaded.items() if (new := rename(name)) is not None}
    return weights


def fill(model: nn.Module, weights: dict[str, mx.array], folder: Path) -> None:
    """Give `model` its weights, on the thread that will use it. Raises `KillahError` if they do not fit."""
    wanted = dtype()
    try:
        model.load_weights([(name, value.astype(wanted)) for name, value in weights.items()], strict=True)
    except ValueError as error:
        what = str(error).splitlines()[0].rstrip(" .:")
        raise KillahError(
            f"The weights in {folder} do not fit its config.json: {what}.",
            "Take both from the same model.",
        ) from error
    model.freeze()
    model.eval()
    mx.eval(model.parameters())
