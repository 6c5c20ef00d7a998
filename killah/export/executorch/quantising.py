"""Weights in four or eight bits, in the forms that the delegates compute with.

    xnnpack  int4: 8da4w, groups of 32; int8: 8da8w, one scale a row. Activations become eight bits on the way
    mlx      int4: groups of 64; int8: groups of 64. Activations stay floats

XNNPACK would take weight-only integers too, and silently compute nonsense with them. The output layer keeps
eight bits. Scales of four bits are chosen by half-quadratic optimisation (HQQ, Badri & Shaji 2023), which
loses half as much as taking the largest weight of a group. It takes three seconds of a CPU for a million
weights, so in large models, which bear rounding better, scales are chosen the fast way.
"""

import copy
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torchao.quantization import quantize_
from torchao.quantization.granularity import PerAxis, PerGroup
from torchao.quantization.quant_api import Int8DynamicActivationIntxWeightConfig, IntxWeightOnlyConfig
from torchao.quantization.quantize_.workflows import IntxChooseQParamsAlgorithm

from killah.export.executorch.decoder import TextDecoder, TokenEmbedding
from killah.export.executorch.manifest import Backend, Quantisation

GROUP = {"xnnpack": 32, "mlx": 64}
CHOSEN = 1.025  # what perplexity may become when bits are chosen; `check` allows a little more
INT4: torch.dtype = getattr(torch, "int4")  # noqa: B009 - torch's type stubs do not know it
SMALL = 50_000_000  # weights of an output layer above which scales are chosen the fast way


def quantise(decoder: TextDecoder, how: Quantisation, backend: Backend) -> None:
    """The decoder's linear layers, in place; LoRA slots stay floats."""
    if how == "none":
        return
    # The embedding shares the output layer's weights until here.
    decoder.lm_head.weight = nn.Parameter(decoder.lm_head.weight.clone(), requires_grad=False)
    bits = 4 if how == "int4" else 8
    config = _linear(bits, backend, _scales(decoder.lm_head.weight))
    quantize_(decoder, config, filter_fn=_is(nn.Linear, lambda name: name != "lm_head"))
    quantize_(decoder, _linear(8, backend), filter_fn=_is(nn.Linear, lambda name: name == "lm_head"))


def quantise_linears(module: nn.Module, how: Quantisation, backend: Backend) -> None:
    """Eight bits for the linear layers of an encoder or a projector, whatever the decoder has."""
    if how != "none":
        grouped = backend == "mlx"  # rows that its groups do not divide stay floats

        def whole(name: str) -> bool:
            return not grouped or _width(module.get_submodule(name)) % GROUP[backend] == 0

        quantize_(module, _linear(8, backend), filter_fn=_is(nn.Linear, whole))


def quantise_embedding(embedding: TokenEmbedding, bits: int, backend: Backend) -> None:
    """The embedding, in place, in 4 or 8 bits."""
    own = embedding.embed_tokens
    own.padding_idx = None
    own.weight = nn.Parameter(own.weight.clone(), requires_grad=False)
    grouped = PerGroup(GROUP[backend])
    config = (
        IntxWeightOnlyConfig(
            weight_dtype=INT4, granularity=grouped, intx_choose_qparams_algorithm=_scales(own.weight)
        )
        if bits == 4
        else IntxWeightOnlyConfig(
            weight_dtype=torch.int8, granularity=grouped if backend == "mlx" else PerAxis(0)
        )
    )
    quantize_(embedding, config, filter_fn=_is(nn.Embedding, lambda _: True))


def embedding_bits(
    decoder: TextDecoder, embedding: TokenEmbedding, backend: Backend, texts: list[list[int]], before: float
) -> int:
    """4 where perplexity with the quantised decoder stays near `before`, that of floats; else 8."""
    smaller = copy.deepcopy(embedding)
    quantise_embedding(smaller, 4, backend)
    return 4 if perplexity(decoder, smaller, texts) <= CHOSEN * before else 8


def perplexity(decoder: TextDecoder, embedding: TokenEmbedding, texts: list[list[int]]) -> float:
    """Of ids, each text at most the decoder's context, in eager torch."""
    lost, count = 0.0, 0
    for ids in texts:
        tokens = torch.tensor([ids])
        decoder.reset()
        with torch.no_grad():
            states = decoder.states(embedding(tokens), torch.arange(len(ids)))
            logits = decoder.lm_head(decoder.norm(states))[0, :-1]
            lost += float(nn.functional.cross_entropy(logits, tokens[0, 1:], reduction="sum"))
        count += len(ids) - 1
    decoder.reset()
    return math.exp(lost / count)


def described(how: Quantisation, backend: Backend, embedding: int) -> str:
    """The precision in words."""
    if how == "none":
        return "float16" if backend == "coreml" else "float32"
    bits = 4 if how == "int4" else 8
    layers = f"INT{bits} g{GROUP[backend]}" if bits == 4 or backend == "mlx" else "INT8 a row"
    activations = ", INT8 activations" if backend == "xnnpack" else ""
    return f"{layers}{activations}, output layer INT8, embedding INT{embedding}, LoRAs float32"


def _scales(output: nn.Parameter) -> IntxChooseQParamsAlgorithm:
    """How the scales of four bits are chosen in a model with this output layer."""
    ways = IntxChooseQParamsAlgorithm
    return ways.HQQ_SCALE_ONLY if output.numel() <= SMALL else ways.AFFINE


def _linear(
    bits: int, backend: Backend, scales: IntxChooseQParamsAlgorithm = IntxChooseQParamsAlgorithm.AFFINE
) -> Any:
    grouped = PerGroup(GROUP[backend])
    if backend == "mlx":
        dtype = INT4 if bits == 4 else torch.int8
        return IntxWeightOnlyConfig(weight_dtype=dtype, granularity=grouped)
    if bits == 8:
        return Int8DynamicActivationIntxWeightConfig(weight_dtype=torch.int8, weight_granularity=PerAxis(0))
    return Int8DynamicActivationIntxWeightConfig(
        weight_dtype=INT4, weight_granularity=grouped, intx_choose_qparams_algorithm=scales
    )


def _width(layer: nn.Module) -> int:
    assert isinstance(layer, nn.Linear)
    return layer.in_features


def _is(kind: type[nn.Module], wanted: Callable[[str], bool]) -> Callable[[nn.Module, str], bool]:
    """Layers of a kind, but neither LoRAs nor the norms' means, which are layers in form only."""

    def chosen(module: nn.Module, name: str) -> bool:
        is_part = "lora_" in name or name.rpartition(".")[2] == "mean"
        return isinstance(module, kind) and not is_part and wanted(name)

    return chosen
