"""A base model ready to compute: weights in the form this device is fastest at, tokenizer, identity."""

from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import psutil
from mlx.utils import tree_unflatten

from killah import devices
from killah.errors import KillahError
from killah.gemma import manifest
from killah.gemma.gemma3 import Config, Gemma3
from killah.gemma.manifest import Manifest
from killah.gemma.tokenizer import Tokenizer

# Float32 weights may take this share of the machine's memory; larger models stay INT4.
FLOAT_SHARE = 0.25


@dataclass
class Base:
    """The frozen base: `model` computes, `tokenizer` speaks, `manifest` says what it is."""

    folder: Path
    manifest: Manifest
    model: Gemma3
    tokenizer: Tokenizer

    @property
    def context(self) -> int:
        """Longest sequence the model was made for, in tokens."""
        return self.model.config.max_position_embeddings


def load(folder: Path) -> Base:
    """Load a converted model folder on the calling thread, which must be the one that will use it.

    Raises `KillahError` for anything missing, damaged or of another architecture.
    """
    device = devices.prepare()
    about = manifest.read_verified(folder)
    config = Config.of(folder)
    tokenizer = Tokenizer(folder)  # first: what parsing it takes for a moment is free again for the weights
    model = Gemma3(config)
    weights = read_weights(folder, about)
    if about.quantisation is not None:
        floats = 4 * about.parameters <= FLOAT_SHARE * psutil.virtual_memory().total
        if not device.quantised_matmul and floats:
            weights = dequantise(weights, about.quantisation.group_size)
        else:
            _quantise_modules(model, weights, about.quantisation.group_size)
    if device.kind == "cpu":
        weights = {name: _widened(name, value) for name, value in weights.items()}
        if any(name.endswith(".scales") for name in weights):
            # Activations are float32 here; half of that is enough for what a large model remembers.
            model.cache_dtype = mx.bfloat16
    try:
        model.update(tree_unflatten(list(weights.items())), strict=True)
    except ValueError as error:
        raise KillahError(f"{folder} does not hold a Gemma 3 model: {error}.", "Convert it again.") from error
    model.freeze()
    model.eval()
    mx.eval(model.parameters())
    return Base(folder, about, model, tokenizer)


def load_float32(folder: Path, about: Manifest) -> Gemma3:
    """The model alone, in float32 on any machine: the yardstick of what is made of it."""
    weights = read_weights(folder, about)
    dense = dequantise(weights, about.quantisation.group_size if about.quantisation else 0)
    model = Gemma3(Config.of(folder))
    model.update(tree_unflatten([(k, v.astype(mx.float32)) for k, v in dense.items()]), strict=True)
    model.freeze()
    return model


def read_weights(folder: Path, about: Manifest) -> dict[str, mx.array]:
    """All tensors of a model folder, as they are stored; read when they are first used."""
    weights: dict[str, mx.array] = {}
    for name in sorted(about.files):
        if name.endswith(".safetensors"):
            loaded = mx.load(str(folder / name))
            assert isinstance(loaded, dict)
            weights |= loaded
    return weights


def _widened(name: str, value: mx.array) -> mx.array:
    """float32 for bfloat16, which a CPU multiplies ten times slower.

    The scales inside quantised layers stay as they are: a tenth of the model's memory, and MLX widens them
    for the product at 1 % of its time. The embedding's are widened, so all activations are float32.
    """
    inner = name.startswith("model.layers.") and name.endswith((".scales", ".biases"))
    return value.astype(mx.float32) if value.dtype == mx.bfloat16 and not inner else value


def _bits(weight: mx.array, scales: mx.array, group_size: int) -> int:
    """Bits of a packed weight (rows, columns * bits / 32) with scales (rows, columns / group_size)."""
    return 32 * weight.shape[1] // (scales.shape[1] * group_size)


def dequantise(weights: dict[str, mx.array], group_size: int) -> dict[str, mx.array]:
    """INT4 triples (weight, scales, biases) to float32 weights, one at a time."""
    dense: dict[str, mx.array] = {}
    for name, value in weights.items():
        stem, _, kind = name.rpartition(".")
        if kind == "weight" and f"{stem}.scales" in weights:
            scales, biases = weights[f"{stem}.scales"], weights[f"{stem}.biases"]
            bits = _bits(value, scales, group_size)
            args = (scales.astype(mx.float32), biases.astype(mx.float32))
            dense[name] = mx.dequantize(value, *args, group_size=group_size, bits=bits)
            mx.eval(dense[name])
        elif kind == "weight":
            dense[name] = value
    return dense


def _quantise_modules(model: Gemma3, weights: dict[str, mx.array], group_size: int) -> None:
    """Give `model` quantised linear layers where `weights` holds scales."""

    def bits_of(path: str, module: nn.Module) -> bool | dict[str, int]:
        scales = weights.get(f"{path}.scales")
        if scales is None or not hasattr(module, "to_quantized"):
            return False
        return {"group_size": group_size, "bits": _bits(weights[f"{path}.weight"], scales, group_size)}

    nn.quantize(model, group_size=group_size, class_predicate=bits_of)
