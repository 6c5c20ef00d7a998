"""A bundle of a tiny model, exported once for all tests by the command itself, in a home of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import checkpoints
import loras
import mlx.core as mx

from killah.adapters import package
from killah.adapters.card import AdapterCard
from killah.gemma.convert import convert
from killah.gemma.manifest import Manifest
from killah.gemma.projector import Projector
from killah.gemma.trees import flat

TARGETS = ("k_proj", "up_proj")
CONFIG = checkpoints.CONFIG | {
    "num_hidden_layers": 2,
    "layer_types": [checkpoints.SLIDING, checkpoints.GLOBAL],
}
ONE_LAYER = CONFIG | {"num_hidden_layers": 1, "layer_types": [checkpoints.GLOBAL]}


@dataclass(frozen=True)
class Made:
    """Where the base, its adapters (terse, warm, grand: rank 4) and the bundle are."""

    home: Path
    base: Path
    bundle: Path

    def killah(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`killah ...` in a process of its own, with this home."""
        env = os.environ | {"KILLAH_HOME": str(self.home), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "killah", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def install(home: Path, config: dict[str, Any] = CONFIG) -> Made:
    """Base, adapters and projector; no bundle yet."""
    base = home / "data" / "models" / "tiny"
    about = convert(checkpoints.write(home / "source", checkpoints.tensors(config), config), base, None)
    for seed, name in enumerate(("terse", "warm", "grand")):
        tensors = loras.tensors(base, targets=TARGETS, seed=seed)
        card = loras.card(about, name, role=name, target_modules=list(TARGETS))
        package.write(home / "data" / "adapters" / "tiny" / name, card, tensors)
    _projector(home, about)
    return Made(home, base, home / "bundle")


def make(home: Path) -> Made:
    """The bundle of `terse=0.7,warm=0.5` in float32."""
    made = install(home)
    done = made.killah(
        *("export", "executorch", "--composition", "terse=0.7,warm=0.5", "--base", "tiny"),
        *("--out", str(made.bundle), "--quantize", "none", "--context", "128", "--rank", "8"),
    )
    assert done.returncode == 0, done.stderr
    return made


def _projector(home: Path, about: Manifest) -> None:
    mx.random.seed(0)
    module = Projector(10, CONFIG["hidden_size"], tokens=2)
    card = AdapterCard(
        name="persona-projector",
        kind="projector",
        role="persona",
        base=about.name,
        base_fingerprint=about.fingerprint,
        soft_tokens=2,
        input_width=10,
        data="noise",
        licence="CC0-1.0",
        created_by="killah tests",
    )
    package.write(home / "data" / "adapters" / "tiny" / card.name, card, flat(module.parameters()))
