"""Adapters as data files: a slot of fixed rank in the program, filled by any composition of the same base.

An XNNPACK program asks for its weights by the SHA-256 of what they were when it was exported. So it is
exported with a template of noise in the slot, and a data file holds other weights under the template's names.
Several LoRAs stand side by side in the slot, their weights and scales inside b; what is left of its rank is
zero.

A host must not share packed weights between programs (XNNPACK's `weight_cache_enabled`): two adapters have
the same names.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import torch
from executorch.exir._serialize._cord import Cord, CordBuffer
from executorch.exir._serialize.data_serializer import DataEntry, DataPayload
from executorch.exir.scalar_type import ScalarType
from executorch.exir.tensor_layout import TensorLayout
from executorch.extension.flat_tensor.serialize.serialize import FlatTensorConfig, FlatTensorSerializer
from torch import nn

from killah.errors import KillahError
from killah.export.composed import Composed
from killah.export.executorch.decoder import TextDecoder, adapt
from killah.export.executorch.layers import AdaptedLinear
from killah.export.executorch.manifest import Linear, Slot
from killah.export.executorch.quiet import quiet

SEED = 20_416  # of the template's noise
ALIGNMENT = 128  # bytes, of tensors in a data file
Factors = Mapping[str, tuple[np.ndarray, np.ndarray]]  # layer -> a (in, ranks), b (ranks, out)


def make(decoder: TextDecoder, layers: Iterable[str], rank: int) -> None:
    """A slot on `layers` of the decoder, filled with the template."""
    layers = list(layers)
    adapt(decoder, layers, rank)
    noise = torch.Generator().manual_seed(SEED)
    for half in _halves(decoder).values():
        half.weight = nn.Parameter(0.02 * torch.randn(half.weight.shape, generator=noise), False)


def describe(decoder: TextDecoder, data: Path | None) -> Slot:
    """The slot as a manifest has it, checked against the data file of the template that was exported."""
    keys: dict[str, str] = {}
    for name, half in _halves(decoder).items():
        content = hashlib.sha256(half.weight.detach().numpy().tobytes()).hexdigest()
        keys[name] = content
    found = set(read(data).named_data) if data else set()
    if not found >= set(keys.values()):  # a backend that keeps parameters' own names
        keys = {name: f"{name.removeprefix('model.')}.weight" for name in keys}
    if not found >= set(keys.values()):
        raise AssertionError(f"the exported slot has other names: {sorted(found)[:2]}")
    layers, rank = {}, 0
    for name, module in decoder.named_modules():
        if isinstance(module, AdaptedLinear):
            rank = module.lora_a.out_features
            own = f"model.{name}"
            layers[own] = Linear(
                width=module.lora_a.in_features,
                out=module.lora_b.out_features,
                a=keys[f"{own}.lora_a"],
                b=keys[f"{own}.lora_b"],
            )
    return Slot(rank=rank, layers=layers)


def factors(composed: Composed) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What a composition adds to each layer: x @ a @ b."""
    layers = {name.rpartition(".")[0] for each in composed.loras for name in each.adapter.tensors}
    pairs = {layer: composed.factors(layer) for layer in sorted(layers)}
    return {
        layer: (np.array(pair[0]), np.array(pair[1])) for layer, pair in pairs.items() if pair is not None
    }


def fit(slot: Slot, found: Factors, what: str) -> int:
    """The rank that `found` needs. Raises `KillahError` where the slot has no room for it."""
    rank = max((a.shape[1] for a, _ in found.values()), default=0)
    if rank > slot.rank:
        raise KillahError(
            f"{what} has rank {rank}, the bundle has room for {slot.rank}.",
            f"Export the bundle again with --rank {rank}.",
        )
    for layer, (a, b) in found.items():
        room = slot.layers.get(layer)
        if room is None or (room.width, room.out) != (a.shape[0], b.shape[1]):
            raise KillahError(
                f"{what} adapts {layer}, where the bundle has no room for it.", "Export the bundle again."
            )
    return rank


def write(path: Path, slot: Slot, found: Factors) -> None:
    """A data file that fills the slot."""
    buffers: list[CordBuffer] = []
    entries: dict[str, DataEntry] = {}
    for layer, room in slot.layers.items():
        a, b = found.get(layer, (np.zeros((room.width, 0)), np.zeros((0, room.out))))
        spare = slot.rank - a.shape[1]
        pairs = ((room.a, np.pad(a.T, ((0, spare), (0, 0)))), (room.b, np.pad(b.T, ((0, 0), (0, spare)))))
        for key, value in pairs:
            layout = TensorLayout(ScalarType.FLOAT, list(value.shape), [0, 1])
            entries[key] = DataEntry(len(buffers), ALIGNMENT, layout)
            buffers.append(np.ascontiguousarray(value, np.float32).tobytes())
    path.write_bytes(_serialised(DataPayload(buffers, entries)))
    path.chmod(0o600)


def merged(files: Iterable[Path]) -> bytes:
    """One data file of several: ExecuTorch's Python takes only one."""
    buffers: list[CordBuffer] = []
    entries: dict[str, DataEntry] = {}
    for path in files:
        payload = read(path)
        for key, entry in payload.named_data.items():
            index = entry.buffer_index + len(buffers)
            entries[key] = DataEntry(index, entry.alignment, entry.tensor_layout)
        buffers += payload.buffers
    return _serialised(DataPayload(buffers, entries))


def read(path: Path) -> DataPayload:
    """A data file's tensors."""
    with quiet():  # the serialiser reads its schema in a deprecated way
        return FlatTensorSerializer().deserialize(Cord(path.read_bytes()))


def _serialised(payload: DataPayload) -> bytes:
    with quiet():
        return bytes(FlatTensorSerializer(FlatTensorConfig(segment_alignment=ALIGNMENT)).serialize(payload))


def _halves(decoder: TextDecoder) -> dict[str, nn.Linear]:
    """Both halves of every adapted layer, by its name in Gemma 3."""
    return {
        f"model.{name}.{half}": getattr(module, half)
        for name, module in decoder.named_modules()
        if isinstance(module, AdaptedLinear)
        for half in ("lora_a", "lora_b")
    }
