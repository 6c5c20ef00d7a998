"""The state of a run on disk: parameters, optimiser, position. Written beside the old one, then renamed.

All that is random in a run is a function of its seed and step, so this is all there is.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx.utils import tree_unflatten

from killah.errors import KillahError
from killah.gemma.trees import flat

NAME = "state.safetensors"
BEST = "best.safetensors"


@dataclass
class Position:
    """Where a run is. `best` is the lowest validation loss so far, `waited` the looks since then."""

    step: int = 0
    tokens: int = 0  # learned so far
    best: float = float("inf")
    best_step: int = 0
    waited: int = 0
    frozen: bool = False  # A no longer learns


# What a run cannot change on its way. The rest may: what to lower where memory is short, a learning rate
# that was too high, how long and how often.
SAME = (
    "stage",
    "base",
    "data",
    "seed",
    "num_layers",
    "lora_parameters",
    "mask_prompt",
    "soft_tokens",
    "members",
    "prompts",
)


def save(folder: Path, module: nn.Module, optimiser: optim.Optimizer, position: Position, about: str) -> None:
    """Write the state; `about` is the JSON object of the run's settings."""
    arrays = dict(_state(module, optimiser))
    _write(folder / NAME, arrays, {"position": json.dumps(asdict(position)), "about": about})


def resume(folder: Path, module: nn.Module, optimiser: optim.Optimizer, about: str) -> Position:
    """Take up the folder's state, if there is one. Raises `KillahError` for one of another run (`SAME`)."""
    path = folder / NAME
    if not path.exists():
        return Position()
    try:
        loaded = mx.load(str(path), return_metadata=True)
        assert isinstance(loaded, tuple)
        arrays, metadata = loaded
        position = Position(**json.loads(metadata["position"]))
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise KillahError(f"{path} is damaged.", "Delete it to begin anew.") from error
    parts: dict[str, list[tuple[str, mx.array]]] = {"parameter": [], "optimiser": []}
    _check_same(folder, json.loads(metadata["about"]), json.loads(about))
    for name, value in arrays.items():
        kind, _, key = name.partition("/")
        parts[kind].append((key, value))
    module.update(_tree(parts["parameter"]))
    optimiser.state = _tree(parts["optimiser"])
    return position


def _check_same(folder: Path, kept: dict[str, Any], now: dict[str, Any]) -> None:
    """Raise `KillahError` at the first setting without which this would be another run."""
    for setting in SAME:
        if setting in kept and kept[setting] != now.get(setting):
            raise KillahError(
                f"{folder} holds a run with another {setting}.",
                "Choose another adapter_path, or delete that folder.",
            )
    if _rows(kept) != _rows(now):
        raise KillahError(
            f"{folder} holds a run with {_rows(kept)} rows a step, not {_rows(now)}.",
            "Let batch_size, grad_accumulation_steps and the processes make as many.",
        )


def _rows(about: dict[str, Any]) -> int:
    """Rows a step, on all machines and in all passes."""
    return about["batch_size"] * about["grad_accumulation_steps"] * about.get("processes", 1)


def save_best(folder: Path, module: nn.Module) -> None:
    """Keep the present parameters as the best."""
    _write(folder / BEST, flat(module.trainable_parameters()), {})


def load_best(folder: Path) -> dict[str, mx.array]:
    """The best parameters, by name."""
    arrays = mx.load(str(folder / BEST))
    assert isinstance(arrays, dict)
    return arrays


def _state(module: nn.Module, optimiser: optim.Optimizer) -> Iterator[tuple[str, mx.array]]:
    yield from ((f"parameter/{name}", value) for name, value in flat(module.trainable_parameters()).items())
    yield from ((f"optimiser/{name}", value) for name, value in flat(optimiser.state).items())


def _tree(items: list[tuple[str, mx.array]]) -> Any:
    return tree_unflatten(items)


def _write(path: Path, arrays: Mapping[str, mx.array], metadata: dict[str, str]) -> None:
    new = path.with_name(f"new-{path.name}")
    try:
        mx.save_safetensors(str(new), dict(arrays), metadata)
        new.chmod(0o600)
        with new.open("rb") as file:
            os.fsync(file.fileno())  # a power cut after the renaming must not leave an empty file
        new.replace(path)
    except (OSError, RuntimeError) as error:
        raise KillahError(f"Cannot write {path}: {error}.", "Is the disk full?") from error
