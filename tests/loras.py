"""Random adapters for models as small as `checkpoints` makes them."""

from pathlib import Path
from typing import Any

import checkpoints
import mlx.core as mx

from killah.adapters.card import AdapterCard
from killah.adapters.shapes import linears
from killah.gemma.convert import convert
from killah.gemma.manifest import Manifest

TARGETS = ("k_proj", "v_proj", "o_proj", "gate_proj", "up_proj")
RANK = 4


def base(
    folder: Path, bits: int | None = None, config: dict[str, Any] = checkpoints.CONFIG
) -> tuple[Path, Manifest]:
    """The small random checkpoint, converted to `folder`."""
    source = folder.with_name(f"{folder.name}-source")
    checkpoints.write(source, checkpoints.tensors(config), config)
    return folder, convert(source, folder, bits)


def tensors(
    base_folder: Path,
    targets: tuple[str, ...] = TARGETS,
    rank: int = RANK,
    dtype: mx.Dtype = mx.float32,
    seed: int = 0,
) -> dict[str, mx.array]:
    """Random LoRA tensors for every layer of a base; neither half is zero."""
    modules = {name: s for name, s in linears(base_folder).items() if name.rpartition(".")[2] in targets}
    keys = iter(mx.random.split(mx.random.key(seed), 2 * len(modules)))
    found: dict[str, mx.array] = {}
    for name, (width, out) in modules.items():
        found[f"{name}.lora_a"] = (0.1 * mx.random.normal((width, rank), key=next(keys))).astype(dtype)
        found[f"{name}.lora_b"] = (0.1 * mx.random.normal((rank, out), key=next(keys))).astype(dtype)
    return found


def card(about: Manifest, name: str = "terse", **changes) -> AdapterCard:
    """A LoRA's card, bound to a base."""
    values = {
        "name": name,
        "kind": "lora",
        "role": "rephrase",
        "base": about.name,
        "base_fingerprint": about.fingerprint,
        "rank": RANK,
        "alpha": 2.0 * RANK,
        "scale": 2.0,
        "target_modules": list(TARGETS),
        "data": "noise",
        "licence": "CC0-1.0",
        "created_by": "killah tests",
    }
    return AdapterCard.model_validate(values | changes)
