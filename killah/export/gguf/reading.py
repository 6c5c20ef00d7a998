"""What a GGUF file computes: in llama.cpp where llama-cpp-python is installed, else rebuilt from the file."""

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_unflatten

from killah.errors import KillahError
from killah.export.gguf import writing
from killah.gemma.checkpoint import TextConfig
from killah.gemma.gemma3 import Config, Gemma3


def program() -> str:
    """Who computes `logits` here."""
    return "llama.cpp" if importlib.util.find_spec("llama_cpp") else "MLX, from the file alone,"


def logits(path: Path, ids: list[int], last: int) -> np.ndarray:
    """(last, vocabulary) after the `last` ids, from nothing but the file."""
    return _in_llama(path, ids, last) if importlib.util.find_spec("llama_cpp") else rebuilt(path, ids, last)


def _in_llama(path: Path, ids: list[int], last: int) -> np.ndarray:
    llama_cpp = importlib.import_module("llama_cpp")
    model = llama_cpp.Llama(str(path), n_ctx=len(ids), n_batch=len(ids), logits_all=True, verbose=False)
    try:
        model.eval(ids)
        return np.array(model.scores[: len(ids)][-last:])
    finally:
        model.close()


def rebuilt(path: Path, ids: list[int], last: int) -> np.ndarray:
    """(last, vocabulary) by MLX, model and weights from the file alone."""
    reader = writing.library().GGUFReader(path)
    config = _config(reader)
    model = Gemma3(Config.read(config.model_dump()))
    model.update(tree_unflatten(list(_weights(reader, config).items())), strict=True)
    hidden = model.hidden(model.embed(mx.array([ids])), model.make_cache())[0, -last:]
    return np.array(model.head(hidden))


def _config(reader: Any) -> TextConfig:
    """The metadata as a configuration. Raises `KillahError` for another architecture."""

    def value(key: str, default: Any = None) -> Any:
        field = reader.get_field(key)
        return default if field is None else field.contents()

    if (kind := value("general.architecture")) != "gemma3":
        raise KillahError(f"The file holds a {kind}, not a gemma3.")
    layers, hidden = value("gemma3.block_count"), value("gemma3.embedding_length")
    heads, head = value("gemma3.attention.head_count"), value("gemma3.attention.key_length")
    factor = value("gemma3.rope.scaling.factor")
    slides = value("gemma3.attention.sliding_window_pattern", [(i + 1) % 6 != 0 for i in range(layers)])
    return TextConfig.model_validate(
        {
            "vocab_size": len(value("tokenizer.ggml.tokens")),
            "hidden_size": hidden,
            "intermediate_size": value("gemma3.feed_forward_length"),
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "num_key_value_heads": value("gemma3.attention.head_count_kv"),
            "head_dim": head,
            "query_pre_attn_scalar": writing.scaled_by(layers, hidden, heads, head),
            "max_position_embeddings": value("gemma3.context_length"),
            "rms_norm_eps": value("gemma3.attention.layer_norm_rms_epsilon"),
            "sliding_window": value("gemma3.attention.sliding_window"),
            "layer_types": ["sliding_attention" if each else "full_attention" for each in slides],
            "rope_theta": value("gemma3.rope.freq_base"),
            "rope_local_base_freq": value("gemma3.rope.freq_base_swa", 10_000.0),
            "rope_scaling": None if factor is None else {"rope_type": "linear", "factor": factor},
        }
    )


def _weights(reader: Any, config: TextConfig) -> dict[str, mx.array]:
    """Hugging Face's parameters, float32."""
    stored = {tensor.name: tensor for tensor in reader.tensors}
    found: dict[str, mx.array] = {}
    for parameter, shape in config.shapes():
        tensor = stored[writing.name(parameter)]
        value = writing.library().dequantize(tensor.data, tensor.tensor_type).reshape(shape)
        found[parameter] = mx.array(value - 1 if len(shape) == 1 else value)
    return found
