"""An adapter on disk: `adapter.safetensors` and `adapter.json`, written whole and read only when whole.

A LoRA's tensors are mlx-lm's: `model.layers.0.self_attn.k_proj.lora_a` (in, rank) and `.lora_b` (rank, out);
the layer gains scale * (x @ lora_a) @ lora_b.
"""

from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
import numpy as np

from killah import manifests, paths
from killah.adapters import shapes
from killah.adapters.card import FORMAT, AdapterCard
from killah.errors import KillahError
from killah.gemma import placing
from killah.gemma.manifest import Manifest
from killah.gemma.shards import Spec, Writer, read_header
from killah.hub.files import PICKLES

NAME = "adapter.json"
WEIGHTS = "adapter.safetensors"
DTYPES = {mx.float32: "F32", mx.float16: "F16", mx.bfloat16: "BF16"}


@dataclass
class Adapter:
    """A verified adapter; `folder` is None where it was never on disk."""

    card: AdapterCard
    tensors: dict[str, mx.array]
    folder: Path | None = None


def write(
    folder: Path, card: AdapterCard, tensors: dict[str, mx.array], *, force: bool = False
) -> AdapterCard:
    """Write a package, whole or not at all, and return its card with `sha256` and `parameters` filled in.

    Replaces an adapter only with `force`, and nothing else ever. Raises `KillahError` for that, for tensors
    that do not fit the card, for numbers that are not finite, and for what the disk does not allow.
    """
    folder = folder.absolute()
    placing.check(folder, NAME, force=force)
    try:
        check(card, specs(tensors))
        check_finite(tensors)
    except ValueError as error:
        raise KillahError(f"{card.name} cannot be written: {error}.", "Train or import it again.") from error
    with placing.new_folder(folder) as new:
        sha256 = save(new / WEIGHTS, tensors)
        count = sum(value.size for value in tensors.values())
        done = card.model_copy(update={"sha256": sha256, "parameters": count})
        paths.write_private(new / NAME, done.model_dump_json(indent=2) + "\n")
    return done


def read_card(folder: Path) -> AdapterCard:
    """The card of a package, its weights unchecked. Raises `KillahError`."""
    found = manifests.read(folder / NAME, AdapterCard, FORMAT, _next_step(folder))
    if found is None:
        raise _not_an_adapter(folder)
    return found


def read(folder: Path, base: Manifest | None = None, *, base_folder: Path | None = None) -> Adapter:
    """A package after every check: hash, base, names, shapes, finite numbers.

    With `base` the adapter must belong to it; with `base_folder` its shapes must fit that model's layers.
    Arrays are evaluated on the calling thread. Raises `KillahError`, one sentence for the first thing wrong.
    """
    card = read_card(folder)
    check_bound(card, base)
    path = folder / WEIGHTS
    if not path.is_file():
        raise _no_weights(folder)
    manifests.check_hash(path, card.sha256, NAME, _next_step(folder))
    try:
        stored = [found.spec for found in read_header(path).values()]
        check(card, stored, base_folder)
        tensors = load(path)
        check_finite(tensors)
        if (count := sum(value.size for value in tensors.values())) != card.parameters:
            raise ValueError(f"its card says {card.parameters:,} parameters, there are {count:,}")
    except ValueError as error:
        raise KillahError(f"{folder} cannot be used: {error}.", _next_step(folder)) from error
    return Adapter(card, tensors, folder)


def check_bound(card: AdapterCard, base: Manifest | None) -> None:
    """Raise `KillahError` unless the adapter was made for this base."""
    if base is None or card.base_fingerprint == base.fingerprint:
        return
    if card.base == base.name:
        raise KillahError(
            f"{card.name} was made for other weights of {card.base} than the ones installed.",
            f"Train it again, or pull or convert the {card.base} it was made for.",
        )
    raise KillahError(
        f"{card.name} was made for {card.base}, not for {base.name}.",
        f"Choose that model with `killah models use {card.base}`, or another adapter.",
    )


def check(card: AdapterCard, stored: list[Spec], base_folder: Path | None = None) -> None:
    """Raise `ValueError` unless the tensors fit the card and the layers of the model in `base_folder`."""
    shapes.check(card, stored)
    if base_folder is not None:
        shapes.check_base(card, {spec.name: spec.shape for spec in stored}, shapes.linears(base_folder))


def specs(tensors: dict[str, mx.array]) -> list[Spec]:
    """Names, dtypes and shapes, in the order of the names."""
    return [Spec(name, DTYPES.get(tensors[name].dtype, "?"), tensors[name].shape) for name in sorted(tensors)]


def save(path: Path, tensors: dict[str, mx.array]) -> str:
    """Write a private safetensors file in the order of the names; the same tensors give the same bytes.

    Returns its SHA-256. The tensors are float32, float16 or bfloat16.
    """
    with Writer(path, specs(tensors)) as writer:
        for name in sorted(tensors):
            writer.write(raw(tensors[name]))
    return writer.sha256


def raw(values: mx.array) -> bytes:
    """Little-endian bytes of an array in row-major order."""
    return np.asarray(values.view(mx.uint16) if values.dtype == mx.bfloat16 else values).tobytes()


def load(path: Path) -> dict[str, mx.array]:
    """All tensors of a safetensors file, in memory. Raises `ValueError` where MLX cannot read it."""
    try:
        found = mx.load(str(path))
        assert isinstance(found, dict)
        mx.eval(found)
    except RuntimeError as error:
        raise ValueError(f"{path.name} is no safetensors file") from error
    return found


def check_finite(tensors: dict[str, mx.array]) -> None:
    """Raise `ValueError` naming a tensor with a NaN or an infinity."""
    for name, value in tensors.items():
        if not mx.isfinite(value).all().item():
            raise ValueError(f"{name} holds numbers that are not finite")


def check_no_pickles(folder: Path) -> None:
    """Raise `KillahError` if `folder` has no safetensors but pickles, which can run code when opened."""
    files = sorted(path.name for path in folder.iterdir())
    pickles = [name for name in files if name.endswith(PICKLES)]
    if pickles and not any(name.endswith(".safetensors") for name in files):
        raise KillahError(
            f"{folder} holds only {pickles[0]}, a pickle, which can run code when opened.",
            "Take or save the adapter as .safetensors.",
        )


def _not_an_adapter(folder: Path) -> KillahError:
    if not folder.is_dir():
        return KillahError(f"There is no adapter folder {folder}.", "See `killah adapters list`.")
    if (folder / "adapter_config.json").exists():
        return KillahError(f"{folder} is not Killah's yet.", f"Run `killah adapters import {folder}`.")
    try:
        check_no_pickles(folder)
    except KillahError as error:
        return error
    return KillahError(f"{folder} is not an adapter.", "See `killah adapters list`.")


def _no_weights(folder: Path) -> KillahError:
    try:
        check_no_pickles(folder)
    except KillahError as error:
        return error
    return KillahError(f"{folder / WEIGHTS} is missing.", _next_step(folder))


def _next_step(folder: Path) -> str:
    if folder.resolve().is_relative_to(paths.shipped("adapters").resolve()):
        return "Install Killah again."
    return "Train it again, or import it again with --force."
