"""Base plus weighted LoRAs as one ordinary Hugging Face checkpoint, in bfloat16 or float32.

Never in INT4: rounding to four bits again loses most of what the LoRAs add. Weights go through memory a
block of rows at a time. The result loads in transformers and in `killah models convert`.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import mlx.core as mx
import numpy as np

from killah import __version__, paths
from killah.adapters import package
from killah.adapters.package import Adapter
from killah.export import foreign
from killah.gemma import base, manifest, merge, placing
from killah.gemma.checkpoint import TextConfig
from killah.gemma.convert import SHARD_BYTES, TEXT_FILES
from killah.gemma.manifest import Manifest
from killah.gemma.shards import Spec, Writer
from killah.hub.files import read_json

RECORD = "fused.json"  # what it was made of; by this a fused model is recognised
BLOCK_ITEMS = 16_000_000  # weights in memory at a time
Dtype = Literal["bfloat16", "float32"]
Merge = Literal["sum", "pico"]
Progress = Callable[[int, int], None]  # bytes of weights done, bytes of weights in all

_DTYPES = {"bfloat16": ("BF16", mx.bfloat16), "float32": ("F32", mx.float32)}


@dataclass(frozen=True)
class Weighted:
    """A LoRA and how strongly it is taken."""

    adapter: Adapter
    weight: float = 1.0


def fuse(
    base_folder: Path,
    loras: Sequence[Weighted],
    target: Path,
    *,
    dtype: Dtype = "bfloat16",
    how: Merge = "sum",
    force: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write the checkpoint folder `target`, whole or not at all; only a fused model is ever replaced.

    Several LoRAs are merged by `how`: their plain sum, or `killah.gemma.merge.pico`. Raises `KillahError`
    for a damaged base, an adapter of another base or kind, a folder in the way and a full disk.
    """
    target = target.expanduser().absolute()
    about = manifest.read_verified(base_folder)
    for each in loras:
        package.check_bound(each.adapter.card, about)
        foreign.lora_only(each.adapter.card)
    package.check_target(target, force=force, name=RECORD)
    config = TextConfig.model_validate(read_json(base_folder / "config.json"))
    specs = [Spec(name, _DTYPES[dtype][0], shape) for name, shape in config.shapes()]
    placing.check_space(target, sum(spec.bytes for spec in specs))
    with placing.new_folder(target) as folder:
        _write_weights(folder, specs, _Source(base_folder, about, loras, how), progress)
        _write_texts(folder, base_folder, config, dtype)
        paths.write_private(folder / RECORD, json.dumps(_record(about, loras, how), indent=2) + "\n")
        paths.write_private(folder / "README.md", _readme(about, loras))
    return target


class _Source:
    """Dense float32 rows of the sum, read from the base when they are asked for."""

    def __init__(self, folder: Path, about: Manifest, loras: Sequence[Weighted], how: Merge) -> None:
        self._weights = base.read_weights(folder, about)
        self._group = about.quantisation.group_size if about.quantisation else 0
        self._loras, self._how = loras, how

    def blocks(self, spec: Spec) -> Iterator[mx.array]:
        """The parameter `spec` in blocks of rows; it is let go of afterwards."""
        stem = spec.name.removesuffix("weight")
        names = [spec.name, f"{stem}scales", f"{stem}biases"]
        stored = {name: self._weights.pop(name) for name in names if name in self._weights}
        delta = self._low_rank(stem.removesuffix("."))
        rows, width = spec.shape[0], int(np.prod(spec.shape[1:]))
        step = max(1, BLOCK_ITEMS // width)
        for first in range(0, rows, step):
            part = slice(first, first + step)
            dense = base.dequantise({name: value[part] for name, value in stored.items()}, self._group)
            block = dense[spec.name].astype(mx.float32)
            yield block if delta is None else block + delta[1][:, part].T @ delta[0].T

    def _low_rank(self, module: str) -> tuple[mx.array, mx.array] | None:
        """What is added to a module, as a (in, all ranks) and b (all ranks, out); None for nothing."""
        pairs = [
            (tensors[f"{module}.lora_a"], tensors[f"{module}.lora_b"], each.weight * each.adapter.card.scale)
            for each in self._loras
            if f"{module}.lora_a" in (tensors := each.adapter.tensors) and each.adapter.card.scale is not None
        ]
        if not pairs:
            return None
        a = [pair[0].astype(mx.float32) for pair in pairs]
        b = [scale * value.astype(mx.float32) for _, value, scale in pairs]
        if self._how == "pico":
            b = [mx.array(part) for part in merge.pico([np.array(x) for x in a], [np.array(x) for x in b])]
        return mx.concatenate(a, axis=1), mx.concatenate(b, axis=0)


def _write_weights(folder: Path, specs: list[Spec], source: _Source, progress: Progress | None) -> None:
    shards = list(_shards(specs))
    total, done = sum(spec.bytes for spec in specs), 0
    places: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        one = len(shards) == 1
        name = "model.safetensors" if one else f"model-{number:05}-of-{len(shards):05}.safetensors"
        with Writer(folder / name, shard) as writer:
            for spec in shard:
                for block in source.blocks(spec):
                    data = package.raw(block.astype(mx.bfloat16 if spec.dtype == "BF16" else mx.float32))
                    writer.write(data)
                    done += len(data)
                    if progress is not None:
                        progress(done, total)
                places[spec.name] = name
    if len(shards) > 1:
        index = {"metadata": {"total_size": total}, "weight_map": places}
        paths.write_private(folder / "model.safetensors.index.json", json.dumps(index, indent=2) + "\n")


def _shards(specs: list[Spec]) -> Iterator[list[Spec]]:
    """Consecutive parameters, at most `SHARD_BYTES` together (a larger one stands alone)."""
    shard: list[Spec] = []
    for spec in specs:
        if shard and sum(each.bytes for each in [*shard, spec]) > SHARD_BYTES:
            yield shard
            shard = []
        shard.append(spec)
    yield shard


def _write_texts(folder: Path, base_folder: Path, config: TextConfig, dtype: Dtype) -> None:
    """Configuration as `killah models convert` writes it, tokenizer and licence."""
    values = read_json(base_folder / "config.json") | config.model_dump(mode="json") | {"dtype": dtype}
    values.pop("quantization", None)
    paths.write_private(folder / "config.json", json.dumps(values, indent=2) + "\n")
    for path in (*map(base_folder.joinpath, TEXT_FILES), *base_folder.glob("LICEN[SC]E*")):
        placing.copy(path, folder / path.name)


def _record(about: Manifest, loras: Sequence[Weighted], how: Merge) -> dict[str, Any]:
    adapters = [
        {"name": each.adapter.card.name, "weight": each.weight, "sha256": each.adapter.card.sha256}
        for each in loras
    ]
    return {
        "base": about.name,
        "base_fingerprint": about.fingerprint,
        "merge": how,
        "adapters": adapters,
        "created_by": f"killah {__version__}",
    }


def _readme(about: Manifest, loras: Sequence[Weighted]) -> str:
    parts = " and ".join(f"{each.adapter.card.name} ({each.weight:g})" for each in loras)
    front = f"---\nbase_model: {about.name}\nlicense: {about.licence}\n---\n"
    return f"{front}# {about.name} with {parts}\n\nFused by Killah: {parts} added to {about.name}.\n"
