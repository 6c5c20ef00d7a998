"""mlx-lm's adapter folders (github.com/ml-explore/mlx-lm): the same tensors under the same names."""

from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from killah.adapters.package import Adapter
from killah.export import foreign
from killah.export.foreign import CONFIG, Lora
from killah.hub.files import read_json

WEIGHTS = "adapters.safetensors"


def write(adapter: Adapter, folder: Path) -> Path:
    """Write a LoRA into a folder for `mlx_lm.load(..., adapter_path=folder)`; dtypes are kept.

    Raises `KillahError` for a projector or a mix.
    """
    rank, scale = foreign.lora_only(adapter.card)
    # Whole names: mlx-lm counts layers from the end, so short ones mean other layers in a deeper model.
    keys = sorted({name.rpartition(".")[0] for name in adapter.tensors})
    config: dict[str, Any] = {
        "fine_tune_type": "lora",
        "model": foreign.repository(adapter.card.base),
        "num_layers": len({key.split(".")[2] for key in keys}),
        "lora_parameters": {"rank": rank, "scale": scale, "dropout": 0.0, "keys": keys},
    }
    return foreign.write(adapter, folder, WEIGHTS, config, adapter.tensors)


def logits(folder: Path, base: Path, ids: list[int], last: int) -> np.ndarray:
    """What mlx-lm computes on Killah's model folder `base`, in float32: (last, vocabulary)."""
    from mlx.utils import tree_map
    from mlx_lm import utils

    model, _ = utils.load_model(base)
    model.update(tree_map(_widened, model.parameters()))
    adapted = utils.load_adapters(model, str(folder))
    return np.array(adapted(mx.array([ids]))[0, -last:])


def _widened(value: mx.array) -> mx.array:
    return value.astype(mx.float32) if mx.issubdtype(value.dtype, mx.floating) else value


def read(folder: Path) -> Lora:
    """A LoRA from an mlx-lm folder. Raises `KillahError` with the first thing Killah cannot take."""
    config = read_json(folder / CONFIG)
    kind = config.get("fine_tune_type") or ("dora" if config.get("use_dora") else "lora")
    if kind != "lora":
        raise foreign.refused(folder, f"its fine_tune_type is {kind}")
    settings = config.get("lora_parameters")
    if not isinstance(settings, dict):
        raise foreign.refused(folder, f"its {CONFIG} has no lora_parameters")
    rank, scale = foreign.rank(folder, settings, "rank"), foreign.number(folder, settings, "scale")
    tensors: dict[str, mx.array] = {}
    for name, value in foreign.weights(folder, WEIGHTS).items():
        stem, _, half = name.rpartition(".")
        if half not in ("lora_a", "lora_b"):
            raise foreign.refused(folder, f"it holds {name}, which is no part of a plain LoRA")
        try:
            tensors[f"{foreign.module(stem)}.{half}"] = value
        except ValueError as error:
            raise foreign.refused(folder, str(error)) from error
    return Lora(tensors, rank, scale * rank, scale, False, "mlx-lm")
