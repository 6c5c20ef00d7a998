"""A composition as one ordinary Hugging Face checkpoint, in float32 or bfloat16.

Never in INT4: rounding to four bits again loses most of what the LoRAs add. The result loads in
transformers and in `killah models convert`.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import mlx.core as mx
import numpy as np

from killah import paths
from killah.adapters import package
from killah.errors import KillahError
from killah.export import weights
from killah.export.composed import Composed
from killah.gemma import placing
from killah.gemma.checkpoint import TextConfig
from killah.gemma.convert import SHARD_BYTES, TEXT_FILES
from killah.gemma.shards import Spec, Writer, split
from killah.gemma.tokenizer import Tokenizer
from killah.hub.files import read_json

Dtype = Literal["float32", "bfloat16"]
Progress = Callable[[int, int], None]  # bytes of weights done, bytes of weights in all

SAMPLE = "It was — as ever — 3 o'clock;\n\n\the said: «Пора.» 🙂  Then  naught."  # what tokenizers differ in

_DTYPES = {"bfloat16": ("BF16", mx.bfloat16), "float32": ("F32", mx.float32)}


def size(composed: Composed, dtype: Dtype = "float32") -> int:
    """Bytes that the checkpoint will take."""
    return sum(spec.bytes for spec in _specs(TextConfig.of(composed.folder), dtype))


def write(
    composed: Composed, folder: Path, *, dtype: Dtype = "float32", progress: Progress | None = None
) -> Path:
    """Write the checkpoint into `folder`. Raises `KillahError` for a damaged base and a full disk."""
    config = TextConfig.of(composed.folder)
    paths.private_dir(folder)
    _write_weights(folder, _specs(config, dtype), weights.Dense(composed), progress)
    _write_texts(folder, composed.folder, config, dtype)
    return folder


def logits(folder: Path, ids: list[int], last: int) -> np.ndarray:
    """What transformers computes in float32 after each of the `last` ids, (last, vocabulary)."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        return model(torch.tensor([ids]), logits_to_keep=last).logits[0].numpy()


def check_tokenizer(folder: Path) -> None:
    """Raise `KillahError` unless transformers reads text there as Killah does."""
    from transformers import AutoTokenizer

    ours = Tokenizer(folder).encode(SAMPLE)
    theirs = AutoTokenizer.from_pretrained(folder).encode(SAMPLE, add_special_tokens=False)
    if ours != theirs:
        raise KillahError("transformers reads text from the export as other tokens.", "Please report this.")


def _specs(config: TextConfig, dtype: Dtype) -> list[Spec]:
    return [Spec(name, _DTYPES[dtype][0], shape) for name, shape in config.shapes()]


def _write_weights(folder: Path, specs: list[Spec], source: weights.Dense, progress: Progress | None) -> None:
    shards = split(specs, SHARD_BYTES)
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


def _write_texts(folder: Path, base_folder: Path, config: TextConfig, dtype: Dtype) -> None:
    """Configuration as `killah models convert` writes it, tokenizer and licence."""
    values = read_json(base_folder / "config.json") | config.model_dump(mode="json") | {"dtype": dtype}
    values.pop("quantization", None)
    paths.write_private(folder / "config.json", json.dumps(values, indent=2) + "\n")
    for path in (*map(base_folder.joinpath, TEXT_FILES), *base_folder.glob("LICEN[SC]E*")):
        placing.copy(path, folder / path.name)
    if not (folder / "tokenizer_config.json").exists():
        # Without it transformers takes the tokenizer of Google's Gemma, whatever tokenizer.json says.
        told = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
        paths.write_private(folder / "tokenizer_config.json", json.dumps(told, indent=2) + "\n")
