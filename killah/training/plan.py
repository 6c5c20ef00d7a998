"""What a training run takes before it is begun: tokens, steps, hours and memory.

tokens = 20 * trained parameters (as many a parameter as Hoffmann et al. 2022, arXiv 2203.15556, find best for
whole models; for an adapter a rule of thumb). Work a token, in floating-point operations (Kaplan et al. 2020,
arXiv 2001.08361, for the base of N weights): forward 2 N, backward through the frozen base 2 N (no gradient
of its weights), and 6 for each trained parameter; gradient checkpointing adds another 2 N.
"""

import time
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Any

import mlx.core as mx
import psutil

from killah import devices
from killah.errors import KillahError
from killah.gemma import catalog
from killah.gemma.base import FLOAT_SHARE
from killah.gemma.checkpoint import TextConfig
from killah.persona import style
from killah.training import memory
from killah.training.config import Config, Lora

TOKENS_PER_PARAMETER = 20
STAGES = ("lora", "persona-projector", "compose")
PERSONA = 384 + style.WIDTH  # width of a persona's vector: all-MiniLM-L6-v2 and style
MEMBERS = 2  # adapters of a mixture

M1_MAX = 10.4e12  # FLOP/s in float16: 32-core GPU, 4,096 lanes, two operations a cycle, 1.27 GHz
A100 = 312e12  # FLOP/s, dense bfloat16: NVIDIA A100 data sheet
# Shares of the peak that training reaches: estimates, not measurements.
M1_MAX_USE, A100_USE, OWN_USE = 0.35, 0.40, 0.50

# config.json of Google's checkpoints that can be pulled; depth enters only as the number of layers.
DIMENSIONS = {
    "gemma-3-1b": (1152, 6912, 26, 4, 1, 262_144),
    "gemma-3-4b": (2560, 10_240, 34, 8, 4, 262_208),
}


@dataclass(frozen=True)
class Estimate:
    """One device. `hours` and `bytes` are without and with gradient checkpointing."""

    device: str
    flops: float
    """Floating-point operations a second that training is assumed to reach."""
    hours: tuple[float, float]
    bytes: tuple[int, int]


@dataclass(frozen=True)
class Plan:
    """A run, on several devices."""

    stage: str
    model: str
    trained: int
    tokens: int
    steps: int
    flops_per_token: int
    devices: list[Estimate]
    assumptions: list[str]


def plan(stage: str, model: str, rank: int, batch_size: int, length: int) -> Plan:
    """Plan a stage with its default settings. Raises `KillahError` for a model or a stage nobody knows."""
    if stage not in STAGES:
        raise KillahError(f"There is no training stage {stage!r}.", f"Known: {', '.join(STAGES)}.")
    shape = dimensions(model)
    config = Config(data=Path(), batch_size=batch_size, lora_parameters=Lora(rank=rank))
    trained = trained_parameters(stage, shape, config)
    work = flops_per_token(shape, trained)
    tokens = TOKENS_PER_PARAMETER * trained
    speed = measured_flops() * OWN_USE
    own = memory.activation_bytes()
    return Plan(
        stage,
        model,
        trained,
        tokens,
        ceil(tokens / (batch_size * length)),
        work,
        [
            _estimate("M1 Max", M1_MAX * M1_MAX_USE, shape, config, stage, length, tokens, work, 2),
            _estimate("A100", A100 * A100_USE, shape, config, stage, length, tokens, work, 2),
            _estimate("this machine", speed, shape, config, stage, length, tokens, work, own),
        ],
        _assumptions(shape, config, stage, speed),
    )


def dimensions(model: str) -> memory.Shape:
    """Of a model on this machine, or of one that could be pulled. Raises `KillahError`."""
    try:
        folder = catalog.find(model)
    except KillahError:
        if model not in DIMENSIONS:
            raise
    else:
        return TextConfig.of(folder)
    hidden, inner, layers, heads, kv_heads, vocabulary = DIMENSIONS[model]
    return TextConfig(
        hidden_size=hidden,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        vocab_size=vocabulary,
        layer_types=["full_attention"] * layers,
    )


def trained_parameters(stage: str, shape: memory.Shape, config: Config) -> int:
    """Numbers that a stage trains."""
    hidden = shape.hidden_size
    if stage == "lora":
        return memory.lora_parameters(shape, config.lora_parameters)
    if stage == "compose":
        return MEMBERS * len(config.lora_parameters.keys) * shape.num_hidden_layers
    # LayerNorm, Linear(width, 2 D), Linear(2 D, tokens D), LayerNorm, two numbers of attention
    out = config.soft_tokens * hidden
    return 2 * PERSONA + (PERSONA + 1) * 2 * hidden + (2 * hidden + 1) * out + 2 * hidden + 2


def flops_per_token(shape: memory.Shape, trained: int, *, checkpoint: bool = False) -> int:
    """2 N + 2 N + 6 trained, and 2 N more where activations are computed twice."""
    return (6 if checkpoint else 4) * memory.base_parameters(shape) + 6 * trained


def measured_flops(size: int = 1024, seconds: float = 0.3) -> float:
    """Operations a second of this machine in products of square float32 matrices."""
    a = mx.random.normal((size, size))
    mx.eval(a @ a)
    count, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        mx.eval(a @ a)
        count += 1
    return 2 * size**3 * count / (time.perf_counter() - begun)


def facts(plan: Plan) -> dict[str, Any]:
    """A plan as one JSON object."""
    return asdict(plan)


def rows(plan: Plan) -> list[dict[str, str]]:
    """A table row a device."""
    return [
        {
            "device": each.device,
            "flops": f"{each.flops / 1e12:.3g}",
            "hours": _hours(each.hours[0]),
            "hours_checkpointed": _hours(each.hours[1]),
            "memory": memory.gigabytes(each.bytes[0]),
            "memory_checkpointed": memory.gigabytes(each.bytes[1]),
        }
        for each in plan.devices
    ]


def _hours(hours: float) -> str:
    return f"{hours:,.1f}" if hours >= 0.1 else f"{hours:.3f}"


def _estimate(
    device: str,
    flops: float,
    shape: memory.Shape,
    config: Config,
    stage: str,
    length: int,
    tokens: int,
    work: int,
    size: int,
) -> Estimate:
    more = 2 * memory.base_parameters(shape)
    peaks = [_peak(shape, config, stage, length, size, checkpoint=again) for again in (False, True)]
    hours = [tokens * flop / flops / 3600 for flop in (work, work + more)]
    return Estimate(device, flops, (hours[0], hours[1]), (peaks[0], peaks[1]))


def _peak(
    shape: memory.Shape, config: Config, stage: str, length: int, size: int, *, checkpoint: bool
) -> int:
    """Bytes; a projector or a mixture is added to the base as it is."""
    config = config.model_copy(update={"grad_checkpoint": checkpoint})
    weights, own = _weights(shape, size), 0
    if stage != "lora":
        own = 4 * memory.ADAPTER_COPIES * trained_parameters(stage, shape, config)
        config = memory.bare(config)
    return memory.lora_step(memory.Step(shape, config, length, weights, size)).total + own


def _weights(shape: memory.Shape, size: int) -> int:
    """INT4, but in float32 where this is a CPU and a quarter of its memory holds that."""
    floats = 4 * memory.base_parameters(shape)
    if size == 4 and floats <= FLOAT_SHARE * psutil.virtual_memory().total:
        return floats
    return memory.int4_bytes(shape)


def _assumptions(shape: memory.Shape, config: Config, stage: str, speed: float) -> list[str]:
    count = memory.base_parameters(shape)
    kind = devices.prepare().kind
    said = [
        f"{TOKENS_PER_PARAMETER} tokens for each trained parameter; fewer do for a narrow task, validation "
        "ends a run early.",
        f"Work a token: 4 x {count / 1e9:.3g} billion weights (forward, backward through the frozen base) + "
        "6 x trained parameters; checkpointing adds 2 x the weights.",
        f"M1 Max (32-core GPU): {M1_MAX_USE:.0%} of {M1_MAX / 1e12:.3g} TFLOP/s; "
        f"A100: {A100_USE:.0%} of {A100 / 1e12:.3g} TFLOP/s; estimates.",
        f"This machine ({kind}): {OWN_USE:.0%} of the {speed / OWN_USE / 1e9:,.0f} GFLOP/s of a matrix "
        "product in float32, just measured.",
        "Memory: INT4 weights (float32 on a CPU where they fit), AdamW in float32, all rows full.",
    ]
    if stage == "lora":
        keys = ", ".join(config.lora_parameters.keys)
        said.append(f"Adapters of rank {config.lora_parameters.rank} in every layer's {keys}.")
    if stage == "compose":
        said.append(
            f"{MEMBERS} adapters, one number for each in each adapted layer; take one pass of the data."
        )
    if kind == "cpu" and 4 * count > 8e9:
        said.append("A CPU multiplies INT4 weights 10 to 100 times slower than float32: count on that here.")
    return said
