"""PEFT's adapter folders (github.com/huggingface/peft): a LoRA there and a LoRA here are transposes.

base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight   (rank, in)
base_model.model.model.layers.0.self_attn.k_proj.lora_B.weight   (out, rank)
"""

import math
import re
import warnings
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from killah.adapters.card import AdapterCard
from killah.adapters.package import Adapter
from killah.export import foreign
from killah.export.foreign import CONFIG, Lora
from killah.hub.files import read_json

WEIGHTS = "adapter_model.safetensors"

_TENSOR = re.compile(r"base_model\.model\.(.+)\.lora_(A|B)(?:\.default)?\.weight")
# Set to anything but their empty values, these change what the LoRA computes.
_UNSUPPORTED = (
    "modules_to_save",
    "use_dora",
    "fan_in_fan_out",
    "lora_bias",
    "layer_replication",
    "target_parameters",
    "trainable_token_indices",
    "alora_invocation_tokens",
    "use_qalora",
    "use_bdlora",
    "arrow_config",
    "kasa_config",
)
# These begin with a LoRA that is nothing; others (PiSSA, OLoRA, LoftQ, ...) change the base's weights too.
_STARTS = (True, False, "gaussian", "eva", "orthogonal")


def write(adapter: Adapter, folder: Path) -> Path:
    """Write a LoRA into a folder for `PeftModel.from_pretrained`; dtypes are kept.

    Raises `KillahError` for a projector or a mix.
    """
    rank, _ = foreign.lora_only(adapter.card)
    modules = sorted({name.rpartition(".")[0] for name in adapter.tensors})
    config: dict[str, Any] = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": foreign.repository(adapter.card.base),
        "inference_mode": True,
        "r": rank,
        "lora_alpha": _alpha(adapter.card),
        "use_rslora": adapter.card.rslora,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "init_lora_weights": True,
        "modules_to_save": None,
    }
    tensors = {_foreign(name): value.T for name, value in adapter.tensors.items()}
    return foreign.write(adapter, folder, WEIGHTS, config | _targets(modules), tensors)


def logits(folder: Path, base: Path, ids: list[int], last: int) -> np.ndarray:
    """What PEFT computes on the Hugging Face checkpoint `base`, in float32: (last, vocabulary)."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    with warnings.catch_warnings():  # PEFT 0.21 asks transformers 5.23 by an old name
        warnings.simplefilter("ignore", FutureWarning)
        model = PeftModel.from_pretrained(plain, folder).eval()
    with torch.no_grad():
        return model(torch.tensor([ids]), logits_to_keep=last).logits[0].numpy()


def read(folder: Path) -> Lora:
    """A LoRA from a PEFT folder. Raises `KillahError` with the first thing Killah cannot take."""
    config = read_json(folder / CONFIG)
    _check(folder, config)
    rank, alpha = foreign.rank(folder, config, "r"), foreign.number(folder, config, "lora_alpha")
    tensors: dict[str, mx.array] = {}
    for name, value in foreign.weights(folder, WEIGHTS).items():
        match = _TENSOR.fullmatch(name)
        if match is None:
            raise foreign.refused(folder, f"it holds {name}, which is no part of a plain LoRA")
        try:
            tensors[f"{foreign.module(match[1])}.lora_{match[2].lower()}"] = value.T
        except ValueError as error:
            raise foreign.refused(folder, str(error)) from error
    rslora = bool(config.get("use_rslora"))
    return Lora(tensors, rank, alpha, _scale(alpha, rank, rslora), rslora, "PEFT")


def _check(folder: Path, config: dict[str, Any]) -> None:
    kind = config.get("peft_type")
    if kind != "LORA":
        raise foreign.refused(folder, f"it is a {kind} adapter")
    for key in _UNSUPPORTED:
        if config.get(key):
            raise foreign.refused(folder, f"it uses {key}")
    if (bias := config.get("bias", "none")) != "none":
        raise foreign.refused(folder, f"it has trained biases (bias: {bias})")
    if (start := config.get("init_lora_weights", True)) not in _STARTS:
        raise foreign.refused(folder, f"it began with {start}, which changes the base's weights as well")
    for pattern, usual in (("rank_pattern", "r"), ("alpha_pattern", "lora_alpha")):
        own = config.get(pattern) or {}
        if not isinstance(own, dict) or any(value != config.get(usual) for value in own.values()):
            raise foreign.refused(folder, f"its layers differ in {pattern.removesuffix('_pattern')}")


def _targets(modules: list[str]) -> dict[str, Any]:
    """Which modules PEFT adapts: by kind and layer where that says all, else one by one."""
    layers = sorted({int(name.split(".")[2]) for name in modules})
    kinds = sorted({name.rpartition(".")[2] for name in modules})
    if len(modules) == len(layers) * len(kinds):
        return {"target_modules": kinds, "layers_to_transform": layers, "layers_pattern": "layers"}
    return {"target_modules": modules}


def _foreign(name: str) -> str:
    stem, _, half = name.rpartition(".lora_")
    return f"base_model.model.{stem}.lora_{half.upper()}.weight"


def _scale(alpha: float, rank: int, rslora: bool) -> float:
    """What multiplies the product: alpha / r, rank-stabilised alpha / sqrt(r) (arXiv 2312.03732)."""
    return alpha / math.sqrt(rank) if rslora else alpha / rank


def _alpha(card: AdapterCard) -> float:
    """The alpha that gives the card's scale; PEFT knows no other way to say it."""
    rank, scale = foreign.lora_only(card)
    if card.alpha is not None and _scale(card.alpha, rank, card.rslora) == scale:
        return card.alpha
    return scale * math.sqrt(rank) if card.rslora else scale * rank
