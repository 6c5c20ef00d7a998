"""The path of the real base without the real weights: convert, load and step Gemma 3 4B.

Writes a checkpoint with the 4B's true configuration in the multimodal layout and random bfloat16 weights
(7.8 GB), converts it, loads the result and takes one decode step behind 2,048 cached positions; the last
two each in a process of its own, whose peak resident memory is the figure.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from killah.gemma import catalog
from killah.gemma.checkpoint import TextConfig, read_config
from killah.gemma.placing import check_space
from killah.gemma.shards import Spec, Writer, split

CACHED = 2048  # positions before the step
SHARD_BYTES = 2_000_000_000
BLOCK_BYTES = 32_000_000
SPACE_BYTES = 11_000_000_000  # the checkpoint and its INT4 form
LIMIT_BYTES = 3_000_000_000

# google/gemma-3-4b-pt's config.json: what it leaves out has transformers' default.
CONFIG = {
    "architectures": ["Gemma3ForConditionalGeneration"],
    "model_type": "gemma3",
    "mm_tokens_per_image": 256,
    "text_config": {
        "model_type": "gemma3_text",
        "hidden_size": 2560,
        "intermediate_size": 10240,
        "num_hidden_layers": 34,
        "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
        "sliding_window": 1024,
    },
    "torch_dtype": "bfloat16",
    "vision_config": {"hidden_size": 1152, "model_type": "siglip_vision_model"},
}
SIGHT = [
    Spec("multi_modal_projector.mm_input_projection_weight", "BF16", (1152, 2560)),
    Spec("vision_tower.vision_model.embeddings.position_embedding.weight", "BF16", (4096, 1152)),
]


def run() -> dict[str, float | int | str]:
    """Seconds and peak bytes of conversion, of loading, and of one step."""
    with tempfile.TemporaryDirectory(prefix="killah-base4b-") as temporary:
        source, target = Path(temporary) / "gemma-3-4b-random", Path(temporary) / "gemma-3-4b"
        home = os.environ | {"KILLAH_HOME": temporary}  # what they remember of the files goes with the files
        check_space(target, SPACE_BYTES)
        begun = time.perf_counter()
        config = write_checkpoint(source)
        figures: dict[str, float | int | str] = {"write_seconds": time.perf_counter() - begun}
        for stage, folders in (("convert", (source, target)), ("step", (target,))):
            command = [sys.executable, "-m", "tools.bench.base4b", stage, *map(str, folders)]
            done = subprocess.run(command, env=home, check=True, stdout=subprocess.PIPE, text=True)
            figures |= {f"{stage}_{key}": value for key, value in json.loads(done.stdout).items()}
    figures |= {
        "layers": config.num_hidden_layers,
        "vocabulary": config.vocab_size,
        "limit_bytes": LIMIT_BYTES,
    }
    figures["step_within_limit"] = int(int(figures["step_peak_bytes"]) <= LIMIT_BYTES)
    return figures


def write_checkpoint(folder: Path) -> TextConfig:
    """A multimodal Gemma 3 4B of random weights in shards, with the shipped model's tokenizer."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "tokenizer.json").write_bytes((catalog.find("pushkin-nano") / "tokenizer.json").read_bytes())
    config = read_config(folder)
    prefix = "language_model.model."
    named = [Spec(name.replace("model.", prefix, 1), "BF16", shape) for name, shape in config.shapes()]
    shards = split([*named, *SIGHT], SHARD_BYTES)
    weight_map = {}
    for number, specs in enumerate(shards, 1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        with Writer(folder / name, specs) as writer:
            for block in _noise(sum(spec.bytes for spec in specs)):
                writer.write(block)
        weight_map |= dict.fromkeys((spec.name for spec in specs), name)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    return config


def _noise(count: int) -> Iterator[bytes]:
    """`count` bytes of normal bfloat16 numbers of spread 0.02, one block over and over."""
    values = np.random.default_rng(0).normal(0, 0.02, BLOCK_BYTES // 2).astype("<f4")
    block = (values.view("<u4") >> 16).astype("<u2").tobytes()
    while count > 0:
        yield block[:count]
        count -= len(block)


def convert_stage(source: Path, target: Path) -> dict[str, float | int]:
    """INT4, group size 64, as `killah models convert` does it."""
    from killah import devices

    devices.prepare()
    from killah.gemma.convert import convert

    begun = time.perf_counter()
    about = convert(source, target)
    return {
        "seconds": time.perf_counter() - begun,
        "peak_bytes": peak_bytes(),
        "parameters": about.parameters,
        "model_bytes": about.bytes,
    }


def step_stage(folder: Path) -> dict[str, float | int | str]:
    """Load, fill the cache with random keys and values, decode one token."""
    from killah import devices

    device = devices.prepare()
    import mlx.core as mx

    from killah.gemma import base

    begun = time.perf_counter()
    model = base.load(folder).model
    loaded, loaded_peak = time.perf_counter(), peak_bytes()
    # What the model itself would cache: the dtype of its first layer's keys.
    dtype = model.embed(mx.array([[5]])).dtype
    cache = model.make_cache()
    shape = (1, model.config.num_key_value_heads, CACHED, model.config.head_dim)
    for layer in cache:
        layer.append(mx.random.normal(shape, dtype), mx.random.normal(shape, dtype))
        mx.eval(layer.keys, layer.values)
    filled = time.perf_counter()
    logits = model(mx.array([[5]]), cache)
    mx.eval(logits)
    assert bool(mx.isfinite(logits).all()) and cache[0].offset == CACHED + 1
    return {
        "seconds": time.perf_counter() - filled,
        "load_seconds": loaded - begun,
        "load_peak_bytes": loaded_peak,
        "peak_bytes": peak_bytes(),
        "cached_positions": CACHED,
        "cache_bytes": sum(a.nbytes for c in cache for a in (c.keys, c.values) if a is not None),
        "activations": str(dtype),
        "device": device.kind,
    }


def peak_bytes() -> int:
    """Most resident memory this process had.

    Linux counts the memory of the process it was forked from into `ru_maxrss`; VmHWM is its own.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS: in bytes


if __name__ == "__main__":
    stage, *folders = sys.argv[1:]
    print(json.dumps({"convert": convert_stage, "step": step_stage}[stage](*map(Path, folders))))
