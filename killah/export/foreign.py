"""What the adapter formats of other programs have in common: names, a weights file, a configuration."""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx

from killah import paths
from killah.adapters import package, shapes
from killah.adapters.card import AdapterCard
from killah.adapters.package import Adapter
from killah.errors import KillahError
from killah.gemma.shards import read_header
from killah.hub.catalog import known

CONFIG = "adapter_config.json"  # PEFT's and mlx-lm's alike

# model.layers.0... | language_model.model.layers.0... (multimodal) | model.language_model.layers.0...
_MODULE = re.compile(
    r"(?:language_model\.model|model\.language_model|model)\.(layers\.\d+\.(?:self_attn|mlp)\.\w+)"
)


@dataclass(frozen=True)
class Lora:
    """A LoRA from elsewhere in Killah's names and layout; it belongs to no base yet."""

    tensors: dict[str, mx.array]
    rank: int
    alpha: float
    scale: float
    rslora: bool
    origin: str


def module(name: str) -> str:
    """A module's name in the text model, whatever the model around it. Raises `ValueError` for another."""
    match = _MODULE.fullmatch(name)
    if match is None:
        raise ValueError(f"it adapts {name}, which is no linear layer of Gemma 3's text")
    return f"model.{match[1]}"


def weights(folder: Path, name: str) -> dict[str, mx.array]:
    """The tensors of `folder / name`. Raises `KillahError`, for pickles in its place as well."""
    path = folder / name
    package.check_no_pickles(folder)
    if not path.is_file():
        raise KillahError(f"{path} is missing.", "Copy it there.")
    for stored in read_header(path).values():
        if stored.spec.dtype not in shapes.FLOATS:
            raise refused(folder, f"{stored.spec.name} is stored as {stored.spec.dtype}")
    try:
        return package.load(path)
    except ValueError as error:
        raise refused(folder, str(error)) from error


def refused(folder: Path, why: str) -> KillahError:
    """The sentence for an adapter that Killah cannot take over."""
    return KillahError(f"{folder} cannot be imported: {why}.", "Killah imports plain LoRAs of Gemma 3.")


def number(folder: Path, config: dict[str, Any], key: str) -> float:
    """A finite number of the configuration. Raises `KillahError`."""
    value = config.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise refused(folder, f"its configuration gives no usable {key}")
    return value


def rank(folder: Path, config: dict[str, Any], key: str) -> int:
    """A positive whole number of the configuration. Raises `KillahError`."""
    value = number(folder, config, key)
    if value < 1 or value != int(value):
        raise refused(folder, f"its configuration gives no usable {key}")
    return int(value)


def write(
    adapter: Adapter, folder: Path, name: str, config: dict[str, Any], tensors: dict[str, mx.array]
) -> Path:
    """An adapter for another program: weights, configuration and a card, in `folder`."""
    paths.private_dir(folder)
    package.save(folder / name, tensors)
    paths.write_private(folder / CONFIG, json.dumps(config, indent=2) + "\n")
    paths.write_private(folder / "README.md", _readme(adapter.card))
    return folder


def lora_only(card: AdapterCard) -> tuple[int, float]:
    """Rank and scale of a LoRA. Raises `KillahError` for another kind of adapter."""
    if card.kind != "lora" or card.rank is None or card.scale is None:
        raise KillahError(
            f"{card.name} is a {card.kind}; only LoRAs have a form in other programs.", "Export its LoRAs."
        )
    return card.rank, card.scale


def repository(base: str) -> str:
    """A base as others know it: its name on the hub, else Killah's."""
    entry = known().get(base)
    return entry.repository if entry else base


def _readme(card: AdapterCard) -> str:
    front = f"---\nbase_model: {repository(card.base)}\nlicense: {card.licence}\ntags: [lora]\n---\n"
    return f"{front}# {card.name}\n\nA LoRA ({card.role}) for {card.base}, trained on: {card.data}\n"
