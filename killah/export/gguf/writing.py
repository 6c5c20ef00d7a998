"""A composition as one GGUF file, in the names and with the metadata that llama.cpp expects of Gemma 3.

github.com/ggml-org/ggml/blob/master/docs/gguf.md; src/models/gemma3.cpp in github.com/ggml-org/llama.cpp.
Norms are stored as 1 + weight. Attention is scaled by 1 / sqrt(head) there whatever the model says, so what
a model scales otherwise goes into the queries' norm.
"""

import errno
import importlib
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from killah import paths
from killah.errors import KillahError
from killah.export import weights
from killah.export.composed import Composed
from killah.export.gguf import tokens
from killah.gemma.checkpoint import TextConfig
from killah.gemma.shards import Spec

Type = Literal["f32", "f16", "bf16", "q8_0"]
Progress = Callable[[int, int], None]  # bytes of weights done, bytes of weights in all

BYTES = {"f32": 4.0, "f16": 2.0, "bf16": 2.0, "q8_0": 34 / 32}  # a weight; q8_0 is 32 codes and their scale
LARGEST = 62  # layers of the 27B, the only size whose scale llama.cpp takes from its width

_NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "post_feedforward_layernorm": "post_ffw_norm",
}
_OUTER = {"model.embed_tokens": "token_embd", "model.norm": "output_norm"}


def size(composed: Composed, kind: Type) -> int:
    """Bytes of weights that the file will hold."""
    specs = _specs(TextConfig.of(composed.folder))
    return int(sum(spec.bytes / 4 * BYTES[_type(spec, kind)] for spec in specs))


def file_name(composed: Composed, kind: Type) -> str:
    """As the files of others are called: model, composition, type."""
    name = "-".join(filter(None, [composed.about.name, composed.name, kind.upper()]))
    return re.sub(r"[^\w.-]+", "-", name) + ".gguf"


def write(composed: Composed, folder: Path, *, kind: Type = "f16", progress: Progress | None = None) -> Path:
    """Write the file into `folder` and return its path, one tensor in memory at a time.

    Raises `KillahError` where the `gguf` package is missing, or the tokenizer has no form in GGUF.
    """
    gguf = library()
    config = TextConfig.of(composed.folder)
    path = paths.private_dir(folder) / file_name(composed, kind)
    writer = gguf.GGUFWriter(path, "gemma3")
    try:
        _describe(writer, composed, config, kind)
        _tokens(writer, composed.folder, config)
        _weights(writer, composed, config, kind, progress)
        writer.flush()
        path.chmod(0o600)
    except OSError as error:
        # numpy says how much it wrote, but not why that was not all.
        known = error if error.errno else OSError(errno.ENOSPC, str(error))
        raise paths.cannot_write(path, known) from error
    finally:
        writer.close()
    return path


def library() -> Any:
    """The `gguf` package. Raises `KillahError` where it is not installed."""
    try:
        return importlib.import_module("gguf")
    except ImportError as error:
        raise KillahError("The gguf package is missing.", "Run: pip install 'killah[export]'") from error


def name(parameter: str) -> str:
    """llama.cpp's name of a parameter of `TextConfig.shapes`."""
    stem = parameter.removesuffix(".weight")
    if stem in _OUTER:
        return f"{_OUTER[stem]}.weight"
    _, _, layer, part = stem.split(".", 3)
    return f"blk.{layer}.{_NAMES[part]}.weight"


def query_scale(config: TextConfig) -> float:
    """What the queries' norm is multiplied by, for llama.cpp to scale attention as the model does."""
    theirs = scaled_by(
        config.num_hidden_layers, config.hidden_size, config.num_attention_heads, config.head_dim
    )
    return math.sqrt(theirs / config.query_pre_attn_scalar)


def scaled_by(layers: int, hidden: int, heads: int, head: int) -> int:
    """llama.cpp divides what attention compares by the root of this."""
    return hidden // heads if layers == LARGEST else head


def _describe(writer: Any, composed: Composed, config: TextConfig, kind: Type) -> None:
    gguf = library()
    writer.add_name(" ".join(filter(None, [composed.about.name, composed.name])))
    writer.add_license(composed.about.licence)
    writer.add_file_type(gguf.LlamaFileType[{"f32": "ALL_F32"}.get(kind, f"MOSTLY_{kind.upper()}")])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_rope_freq_base_swa(config.rope_local_base_freq)
    if config.rope_scaling is not None:
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(config.rope_scaling.factor)
    writer.add_sliding_window(config.sliding_window)
    writer.add_sliding_window_pattern([each == "sliding_attention" for each in config.layer_types])
    writer.add_vocab_size(config.vocab_size)


def _tokens(writer: Any, folder: Path, config: TextConfig) -> None:
    told = tokens.read(folder, config.vocab_size)
    writer.add_tokenizer_model(told.model)
    writer.add_tokenizer_pre(told.pre)
    writer.add_token_list(told.tokens)
    writer.add_token_types([int(each) for each in told.kinds])
    if told.model == "gpt2":
        writer.add_token_merges(told.merges)
    else:
        writer.add_token_scores(told.scores)
    ends = config.eos_token_id if isinstance(config.eos_token_id, list) else [config.eos_token_id]
    special = [
        (writer.add_bos_token_id, config.bos_token_id),
        (writer.add_eos_token_id, ends[0]),
        (writer.add_eot_token_id, ends[1] if len(ends) > 1 else None),
        (writer.add_pad_token_id, config.pad_token_id),
    ]
    for add, token in special:
        if token is not None:
            add(token)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)


def _weights(
    writer: Any, composed: Composed, config: TextConfig, kind: Type, progress: Progress | None
) -> None:
    gguf = library()
    types = {spec.name: gguf.GGMLQuantizationType[_type(spec, kind).upper()] for spec in _specs(config)}
    for spec in _specs(config):
        shape = gguf.quant_shape_to_byte_shape(spec.shape, types[spec.name])
        count = math.prod(shape)
        writer.add_tensor_info(name(spec.name), shape, np.dtype(np.uint8), count, types[spec.name])
    for step in (writer.write_header_to_file, writer.write_kv_data_to_file, writer.write_ti_data_to_file):
        step()
    source, done = weights.Dense(composed), 0
    total = sum(spec.bytes for spec in _specs(config))
    for spec in _specs(config):
        blocks = [gguf.quantize(block, types[spec.name]) for block in _blocks(source, spec, config)]
        writer.write_tensor_data(np.concatenate(blocks))
        done += spec.bytes
        if progress is not None:
            progress(done, total)


def _blocks(source: weights.Dense, spec: Spec, config: TextConfig) -> Iterator[np.ndarray]:
    """Rows of a parameter as llama.cpp means them."""
    for block in source.blocks(spec):
        rows = np.array(block)
        if len(spec.shape) == 1:
            rows = 1 + rows
        yield rows * query_scale(config) if spec.name.endswith("q_norm.weight") else rows


def _type(spec: Spec, kind: Type) -> str:
    """Norms stay float32, and so do rows that do not divide into groups of 32."""
    odd = kind == "q8_0" and spec.shape[-1] % 32
    return "f32" if len(spec.shape) == 1 or odd else kind


def _specs(config: TextConfig) -> list[Spec]:
    return [Spec(each, "F32", shape) for each, shape in config.shapes()]
