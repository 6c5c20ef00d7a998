"""The shipped audio projector and its reader, made for an encoder as it is now: frames, training, packages.

Where packages are shipped already, the run goes on from them: an encoder that was trained further hears a
little otherwise, and a few hundred steps are enough. The trainer has a process of its own: MLX wants its BLAS
before torch is there.
"""

import subprocess
import sys
from pathlib import Path

from killah.adapters import package

SHIPPED = Path("adapters/pushkin-nano")
RECIPE = Path("tools/adapters/recipes/audio-projector.yaml")
PARTS = {"adapter": "audio-projector", "audio": "audio"}  # folders of a run, and the packages they become


def made(rows: Path, encoder: Path) -> bool:
    """Whether `rows` are of the encoder as it is now."""
    found, weights = rows / "valid.jsonl", encoder / "model.safetensors"
    return found.exists() and found.stat().st_mtime > weights.stat().st_mtime


def train(run: Path, rows: Path, steps: int) -> None:
    """Train by the recipe, from the shipped packages if there are any; takes up a run that was left."""
    changes = {"data": rows, "adapter_path": run, "iters": steps}
    if all((SHIPPED / name).exists() for name in PARTS.values()):
        changes |= {"go_on": "true", "learning_rate": 1e-3}  # half of what it began with
    overrides = [part for key, value in changes.items() for part in ("--set", f"{key}={value}")]
    command = [sys.executable, "-m", "killah", "train", "audio-projector", "-c", str(RECIPE), *overrides]
    subprocess.run(command, check=True)


def ship(run: Path) -> None:
    """Put what a run has made where it travels with Killah, after every check."""
    for part, name in PARTS.items():
        found = package.read(run / part)
        package.write(SHIPPED / name, found.card, found.tensors, force=True)
        print(f"{name}: {found.card.metrics}", flush=True)
