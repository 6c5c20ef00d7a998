"""An ordinary Hugging Face folder of Gemma 3, checked before a byte of its weights is used.

Reads `Gemma3ForCausalLM` and the text part of `Gemma3ForConditionalGeneration`, single files and
shards, as transformers 4 and 5 write them. Only safetensors: pickles run code when they are opened.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, PositiveFloat, PositiveInt, ValidationError, model_validator

from killah.errors import KillahError
from killah.gemma.shards import Stored, read_header
from killah.hub.files import read_json, weight_files

ARCHITECTURES = {"Gemma3ForCausalLM": "gemma3_text", "Gemma3ForConditionalGeneration": "gemma3"}
READABLE = ("BF16", "F16", "F32")

# model.layers.0... | language_model.model.layers.0... (multimodal) | model.language_model.layers.0...
_TEXT = re.compile(
    r"(?:language_model\.model\.|model\.language_model\.|model\.)((?:embed_tokens|layers|norm)\..+)"
)
# Sight is dropped; a tied output layer repeats the embedding.
_DROPPED = re.compile(
    r"(?:model\.)?(?:vision_tower|multi_modal_projector)\.|(?:language_model\.)?lm_head\.weight$"
)


class LinearScaling(BaseModel):
    """Positions of the global layers are divided by `factor`."""

    rope_type: Literal["linear"]
    factor: PositiveFloat


class TextConfig(BaseModel):
    """A Gemma 3 text configuration in one spelling; defaults are transformers' `Gemma3TextConfig`.

    Google's files leave out what equals a default, the heads and the vocabulary of the 4B for example.
    """

    architectures: tuple[Literal["Gemma3ForCausalLM"]] = ("Gemma3ForCausalLM",)
    model_type: Literal["gemma3_text"] = "gemma3_text"
    vocab_size: PositiveInt = 262_208
    hidden_size: PositiveInt = 2304
    intermediate_size: PositiveInt = 9216
    num_hidden_layers: PositiveInt = 26
    num_attention_heads: PositiveInt = 8
    num_key_value_heads: PositiveInt = 4
    head_dim: PositiveInt = 256
    query_pre_attn_scalar: PositiveInt = 256
    max_position_embeddings: PositiveInt = 131_072
    rms_norm_eps: PositiveFloat = 1e-6
    hidden_activation: Literal["gelu_pytorch_tanh"] = "gelu_pytorch_tanh"
    sliding_window: PositiveInt = 4096
    layer_types: list[Literal["sliding_attention", "full_attention"]] = Field(default_factory=list)
    rope_theta: PositiveFloat = 1_000_000.0
    rope_local_base_freq: PositiveFloat = 10_000.0
    rope_scaling: LinearScaling | None = None
    attention_bias: Literal[False] = False
    attn_logit_softcapping: None = None
    final_logit_softcapping: None = None
    use_bidirectional_attention: Literal[False] | None = False
    tie_word_embeddings: Literal[True] = True
    pad_token_id: int | None = 0
    eos_token_id: int | list[int] | None = 1
    bos_token_id: int | None = 2

    @classmethod
    def of(cls, folder: Path) -> "TextConfig":
        """That of a converted model. Raises `KillahError`."""
        path = folder / "config.json"
        try:
            return cls.model_validate(read_json(path))
        except ValidationError as error:
            raise KillahError(f"{path} is damaged.", "Convert the model again.") from error

    @model_validator(mode="after")
    def _agree(self) -> "TextConfig":
        if len(self.layer_types) != self.num_hidden_layers:
            raise ValueError(f"{self.num_hidden_layers} layers but {len(self.layer_types)} layer types")
        if self.num_attention_heads % self.num_key_value_heads:
            raise ValueError("attention heads are not a multiple of key-value heads")
        return self

    def shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Name and shape of every parameter, in the order of the forward pass."""
        hidden, head, mlp = self.hidden_size, self.head_dim, self.intermediate_size
        queries, keys = self.num_attention_heads * head, self.num_key_value_heads * head
        yield "model.embed_tokens.weight", (self.vocab_size, hidden)
        for index in range(self.num_hidden_layers):
            layer = f"model.layers.{index}"
            yield f"{layer}.input_layernorm.weight", (hidden,)
            yield f"{layer}.self_attn.q_proj.weight", (queries, hidden)
            yield f"{layer}.self_attn.k_proj.weight", (keys, hidden)
            yield f"{layer}.self_attn.v_proj.weight", (keys, hidden)
            yield f"{layer}.self_attn.q_norm.weight", (head,)
            yield f"{layer}.self_attn.k_norm.weight", (head,)
            yield f"{layer}.self_attn.o_proj.weight", (hidden, queries)
            yield f"{layer}.post_attention_layernorm.weight", (hidden,)
            yield f"{layer}.pre_feedforward_layernorm.weight", (hidden,)
            yield f"{layer}.mlp.gate_proj.weight", (mlp, hidden)
            yield f"{layer}.mlp.up_proj.weight", (mlp, hidden)
            yield f"{layer}.mlp.down_proj.weight", (hidden, mlp)
            yield f"{layer}.post_feedforward_layernorm.weight", (hidden,)
        yield "model.norm.weight", (hidden,)


@dataclass(frozen=True)
class Checkpoint:
    """`tensors` maps the parameter names of `TextConfig.shapes`, in that order, to where they are."""

    folder: Path
    config: TextConfig
    tensors: dict[str, Stored]


def read(folder: Path) -> Checkpoint:
    """Everything but the weights' values. Raises `KillahError` for what is not a whole Gemma 3."""
    if not folder.is_dir():
        raise KillahError(f"{folder} is not a folder.", "Give the folder that holds config.json.")
    config = read_config(folder)
    found: dict[str, Stored] = {}
    for file in weight_files(folder):
        for name, stored in read_header(file).items():
            if _DROPPED.match(name):
                continue
            known = _TEXT.fullmatch(name)
            key = f"model.{known[1]}" if known else name
            if key in found:
                raise KillahError(f"{folder} holds {key} twice.", "Leave only one copy of the weights there.")
            found[key] = stored
    return Checkpoint(folder, config, _match(folder, config, found))


def _match(folder: Path, config: TextConfig, found: dict[str, Stored]) -> dict[str, Stored]:
    """`found` in the order of the configuration, or the first disagreement as an error."""
    expected = dict(config.shapes())
    if missing := [name for name in expected if name not in found]:
        raise KillahError(
            f"{folder} lacks {len(missing)} of {len(expected)} tensors, {missing[0]} for one.",
            "Download the missing files.",
        )
    if extra := sorted(found.keys() - expected.keys()):
        what = (
            "is quantised already"
            if extra[0].endswith((".scales", ".biases"))
            else "does not fit its config.json"
        )
        raise KillahError(f"{folder} {what}: it holds {extra[0]}.", "Take the original checkpoint.")
    for name, shape in expected.items():
        spec = found[name].spec
        if spec.shape != shape:
            raise KillahError(
                f"{name} in {folder} is {list(spec.shape)}, but its config.json says {list(shape)}.",
                "Take weights and config.json from the same model.",
            )
        if spec.dtype not in READABLE:
            raise KillahError(
                f"{name} in {folder} is stored as {spec.dtype}.", f"Killah converts {', '.join(READABLE)}."
            )
    return {name: found[name] for name in expected}


def read_config(folder: Path) -> TextConfig:
    """`config.json` in one spelling. Raises `KillahError` if it is not Gemma 3."""
    path = folder / "config.json"
    raw = read_json(path)
    names = raw.get("architectures") or []
    kind = raw.get("model_type")
    if kind not in ARCHITECTURES.values() or any(ARCHITECTURES.get(name) != kind for name in names):
        what = names[0] if names else kind or "no model"
        raise KillahError(f"{path} describes {what}.", f"Killah converts {' and '.join(ARCHITECTURES)}.")
    if raw.get("quantization") or raw.get("quantization_config"):
        raise KillahError(f"{folder} is quantised already.", "Take the original checkpoint.")
    text = raw | (raw.get("text_config") or {})
    generation = folder / "generation_config.json"
    ends = read_json(generation).get("eos_token_id") if generation.is_file() else None
    # What ends a text is told best by generation_config, then the outer config, then the text's.
    if (ends := ends or raw.get("eos_token_id")) is not None:
        text["eos_token_id"] = ends
    try:
        return TextConfig.model_validate(_respell(text))
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "its numbers"
        raise KillahError(
            f"{path} is a Gemma 3 that Killah cannot run: {where}: {problem['msg']}.", "Choose another model."
        ) from error
    except (TypeError, AttributeError, ValueError) as error:
        raise KillahError(f"{path} is damaged: {error}.", "Download it again.") from error


def _respell(text: dict[str, Any]) -> dict[str, Any]:
    """transformers 4 and 5 name positions and layer types differently: one name for each."""
    known = {k: v for k, v in text.items() if k in TextConfig.model_fields}
    known |= {"architectures": ("Gemma3ForCausalLM",), "model_type": "gemma3_text"}
    if not known.get("layer_types"):
        every = text.get("sliding_window_pattern") or text.get("_sliding_window_pattern") or 6
        layers = int(text.get("num_hidden_layers") or TextConfig.model_fields["num_hidden_layers"].default)
        known["layer_types"] = [
            "sliding_attention" if i % every else "full_attention" for i in range(1, layers + 1)
        ]
    if rope := text.get("rope_parameters"):
        slides, globals_ = rope.get("sliding_attention") or {}, rope.get("full_attention") or {}
        if slides.get("rope_type", "default") != "default":
            raise ValueError(f"sliding layers have {slides['rope_type']} positions")
        known["rope_theta"] = globals_.get("rope_theta", 1_000_000.0)
        known["rope_local_base_freq"] = slides.get("rope_theta", 10_000.0)
        known["rope_scaling"] = globals_
    if scaling := known.get("rope_scaling"):
        kind = scaling.get("rope_type") or scaling.get("type") or "default"
        known["rope_scaling"] = (
            None if kind == "default" else {"rope_type": kind, "factor": scaling.get("factor")}
        )
    return known
