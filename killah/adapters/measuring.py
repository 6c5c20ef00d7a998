"""How much of an adapter is new to its base."""

from pathlib import Path

import mlx.core as mx

from killah.adapters.package import Adapter
from killah.gemma import base, intruders, manifest


def intruder_dimensions(adapter: Adapter, base_folder: Path) -> dict[str, int]:
    """Intruder dimensions of a LoRA by module name, one module's weight in memory at a time.

    A 4B base takes minutes. Raises `KillahError` for a damaged base.
    """
    about = manifest.read_verified(base_folder)
    weights = base.read_weights(base_folder, about)
    group = about.quantisation.group_size if about.quantisation else 0
    found: dict[str, int] = {}
    for module in sorted({name.rpartition(".")[0] for name in adapter.tensors}, key=_in_order):
        names = [f"{module}.{part}" for part in ("weight", "scales", "biases")]
        dense = base.dequantise({name: weights.pop(name) for name in names if name in weights}, group)
        own: dict[str, mx.array] = {
            f"{module}.{h}": adapter.tensors[f"{module}.{h}"] for h in ("lora_a", "lora_b")
        }
        found |= intruders.measure({module: dense[names[0]]}, own, adapter.card.scale or 0.0)
    return found


def by_layer(counts: dict[str, int]) -> dict[int, dict[str, int]]:
    """Layer -> module's last name -> count."""
    layers: dict[int, dict[str, int]] = {}
    for module, count in counts.items():
        layers.setdefault(int(module.split(".")[2]), {})[module.rpartition(".")[2]] = count
    return layers


def _in_order(module: str) -> tuple[int, str]:
    return int(module.split(".")[2]), module
