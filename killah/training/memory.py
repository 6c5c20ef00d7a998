"""The peak memory of one LoRA step, added up term by term, and what to lower where it is too much.

Symbols: T tokens of a pass (rows x length), H hidden, I the MLP's inner width, Q and K the widths of queries
and keys, h heads, L length, r rank, V vocabulary; s bytes of an activation (4 on a CPU, else 2). Everything
a backward pass needs is kept until it has been used, as MLX does without compilation.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil
from typing import Protocol

import mlx.core as mx
import psutil

from killah import devices
from killah.training.config import Config, Lora
from killah.training.loss import LOGITS

INT4_BYTES = 0.5 + 4 / 64  # a weight: four bits, and its share of a group's scale and bias in bfloat16
ADAPTER_COPIES = 4  # numbers a trained parameter: itself, gradient, and AdamW's two means, in float32
UPDATE_COPIES = 2  # more while it is changed: the scaled gradient, new values beside the old
LOGIT_COPIES = 4  # logits, their exponentials, and the gradients of both
SHARE = 0.9  # of the free memory, that an estimate may take


class Shape(Protocol):
    """The dimensions of a Gemma 3, however they are known."""

    @property
    def hidden_size(self) -> int: ...  # noqa: D102
    @property
    def intermediate_size(self) -> int: ...  # noqa: D102
    @property
    def num_hidden_layers(self) -> int: ...  # noqa: D102
    @property
    def num_attention_heads(self) -> int: ...  # noqa: D102
    @property
    def num_key_value_heads(self) -> int: ...  # noqa: D102
    @property
    def head_dim(self) -> int: ...  # noqa: D102
    @property
    def vocab_size(self) -> int: ...  # noqa: D102


@dataclass(frozen=True)
class Peak:
    """Bytes by what they hold."""

    weights: int
    """The frozen base."""
    watched: int
    """Dense weights and singular vectors of the layers that are watched for intruder dimensions."""
    adapters: int
    """Parameters, gradients and the optimiser's means."""
    update: int
    """More of them while the parameters are changed."""
    activations: int
    """What is kept from the way forth for the way back."""
    workspace: int
    """One decoder layer's gradients on the way back, as much again as its activations."""
    logits: int

    @property
    def total(self) -> int:
        """The most that exists at a time: the way back, or the update after it."""
        way_back = self.activations + self.workspace + self.logits
        return self.weights + self.watched + self.adapters + max(way_back, self.update)


def linears(shape: Shape) -> dict[str, tuple[int, int]]:
    """(in, out) of every linear layer of a decoder layer, by its key."""
    hidden, inner = shape.hidden_size, shape.intermediate_size
    queries = shape.num_attention_heads * shape.head_dim
    keys = shape.num_key_value_heads * shape.head_dim
    return {
        "self_attn.q_proj": (hidden, queries),
        "self_attn.k_proj": (hidden, keys),
        "self_attn.v_proj": (hidden, keys),
        "self_attn.o_proj": (queries, hidden),
        "mlp.gate_proj": (hidden, inner),
        "mlp.up_proj": (hidden, inner),
        "mlp.down_proj": (inner, hidden),
    }


def base_parameters(shape: Shape) -> int:
    """Weights of the base, its norms left out; the head shares the embedding's."""
    layer = sum(width * out for width, out in linears(shape).values())
    return shape.num_hidden_layers * layer + shape.vocab_size * shape.hidden_size


def lora_parameters(shape: Shape, settings: Lora, num_layers: int = -1) -> int:
    """Trained numbers: rank * (in + out) for each adapted layer."""
    known = linears(shape)
    widths = sum(sum(known[key]) for key in settings.keys if key in known)
    return settings.rank * widths * _adapted(shape, num_layers)


def _adapted(shape: Shape, num_layers: int) -> int:
    layers = shape.num_hidden_layers
    return layers if num_layers < 0 else min(num_layers, layers)


@dataclass(frozen=True)
class Step:
    """A step over `batch_size` rows of `length` tokens, with base weights of `weights` bytes.

    `scored` tokens of it are learned; all of them, if it is left out.
    """

    shape: Shape
    config: Config
    length: int
    weights: int
    activation_bytes: int
    scored: int | None = None


def bare(config: Config) -> Config:
    """A configuration as one for a stage that trains no adapter but a few numbers beside the base."""
    parts = config.lora_parameters.model_copy(update={"rank": 1})
    unwatched = config.intruders.model_copy(update={"watched": 0})
    return config.model_copy(update={"lora_parameters": parts, "intruders": unwatched})


def lora_step(step: Step) -> Peak:
    """Peak of a step, term by term."""
    shape, config, size = step.shape, step.config, step.activation_bytes
    rows, inside = config.batch_size, _adapted(shape, config.num_layers)
    layer = layer_activations(shape, config.lora_parameters, rows, step.length, size)
    entry = rows * step.length * shape.hidden_size * size
    trained = 4 * lora_parameters(shape, config.lora_parameters, config.num_layers)
    passes = min(2, config.grad_accumulation_steps)  # a second gradient, to be added to the first
    at_a_time = min(step.scored or rows * step.length, max(1, LOGITS // (4 * shape.vocab_size)))
    return Peak(
        weights=step.weights,
        watched=watched_bytes(shape, config),
        adapters=trained * (ADAPTER_COPIES + passes - 1),
        update=trained * UPDATE_COPIES,
        # Below the first adapted layer there is nothing to learn, so nothing is kept.
        activations=inside * entry + layer if config.grad_checkpoint else inside * layer,
        workspace=layer,
        logits=4 * LOGIT_COPIES * at_a_time * shape.vocab_size,
    )


def watched_bytes(shape: Shape, config: Config) -> int:
    """Float32 weights of the watched layers and their singular vectors, (smaller side)^2, on average."""
    known = [linears(shape)[key] for key in config.lora_parameters.keys if key in linears(shape)]
    if not known:
        return 0
    count = min(config.intruders.watched, len(known) * _adapted(shape, config.num_layers))
    return count * sum(4 * (width * out + min(width, out) ** 2) for width, out in known) // len(known)


def layer_activations(shape: Shape, settings: Lora, rows: int, length: int, size: int) -> int:
    """Bytes that the backward pass of one decoder layer needs (its inside, without weights).

    Per token, s bytes each: 6 H (two residual sums, what four norms read or give), 3 (Q + K) + K (queries and
    keys before and after their norm and turned, values), 2 Q (attention's output, before and after heads
    join), 5 I (gate; the two factors of the tanh approximation; sigmoid; gelu; up). Attention keeps h L
    scores a token, twice. Each adapted layer keeps its dropped-out input in float32, the byte mask of it,
    and r numbers between a and b.
    """
    hidden, inner = shape.hidden_size, shape.intermediate_size
    queries = shape.num_attention_heads * shape.head_dim
    keys = shape.num_key_value_heads * shape.head_dim
    plain = 6 * hidden + 3 * (queries + keys) + keys + 2 * queries + 5 * inner
    scores = 2 * shape.num_attention_heads * length
    known = linears(shape)
    widths = [known[key][0] for key in settings.keys if key in known]
    dropped = sum(4 * width + (width if settings.dropout else 0) for width in widths)
    return rows * length * (size * (plain + scores) + dropped + 4 * settings.rank * len(widths))


def int4_bytes(shape: Shape) -> int:
    """Bytes of the base in INT4 with group size 64."""
    return ceil(INT4_BYTES * base_parameters(shape))


def free() -> int:
    """Bytes that are free for training on this machine's device, now."""
    if devices.prepare().kind == "cpu":
        return psutil.virtual_memory().available
    about = mx.device_info()
    limit = about.get("free_memory") or about.get("max_recommended_working_set_size")
    if limit is None:
        return psutil.virtual_memory().available
    used = 0 if "free_memory" in about else mx.get_active_memory()
    return int(limit) - used


def activation_bytes() -> int:
    """Bytes of a number between layers: float32 on a CPU, else bfloat16."""
    return 4 if devices.prepare().kind == "cpu" else 2


def remedies(step: Step, limit: int) -> list[str]:
    """Settings to change, in order and all of them, until the estimate is at most `limit` bytes.

    First what costs nothing but time, then what costs context, then what costs the adapter its reach.
    """
    said: list[str] = []
    for text, config, length in _weaker(step.config, step.length):
        peak = lora_step(replace(step, config=config, length=length)).total
        said.append(f"{text} ({gigabytes(peak)})")
        if peak <= limit:
            break
    return said


def _weaker(config: Config, length: int) -> Iterable[tuple[str, Config, int]]:
    """What to say, and the configuration and length then."""
    rows, passes = config.batch_size, config.grad_accumulation_steps
    while rows > 1:
        half = next(n for n in range(rows // 2, 0, -1) if rows % n == 0)
        rows, passes = half, passes * (rows // half)
        config = config.model_copy(update={"batch_size": rows, "grad_accumulation_steps": passes})
        yield f"batch_size={rows} grad_accumulation_steps={passes}", config, length
    if not config.grad_checkpoint:
        config = config.model_copy(update={"grad_checkpoint": True})
        yield "grad_checkpoint=true", config, length
    while length > 256:
        length //= 2
        yield f"max_seq_length={length}", config, length
    if config.lora_parameters.rank == 1:  # no adapter is trained
        return
    while config.lora_parameters.rank > 8:
        settings = config.lora_parameters
        smaller = settings.model_copy(
            update={"rank": settings.rank // 2, "alpha": settings.multiplier * (settings.rank // 2)}
        )
        config = config.model_copy(update={"lora_parameters": smaller})
        yield f"lora_parameters.rank={smaller.rank}", config, length
    if config.num_layers != 8:
        config = config.model_copy(update={"num_layers": 8})
        yield "num_layers=8", config, length
    keys = ["self_attn.k_proj", "self_attn.v_proj"]
    config = config.model_copy(
        update={"lora_parameters": config.lora_parameters.model_copy(update={"keys": keys})}
    )
    yield f"lora_parameters.keys=[{', '.join(keys)}]", config, length


def advice(steps: list[str]) -> str:
    """Remedies as one sentence."""
    return f"Lower in this order, with --set: {'; '.join(steps)}."


def exhausted(error: BaseException) -> bool:
    """Whether an error says that memory ran out."""
    said = str(error).lower()
    words = ("malloc", "out of memory", "unable to allocate", "insufficient memory", "cudaerrormemory")
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(word in said for word in words)
    )


def gigabytes(count: int) -> str:
    """`4.2 GB`."""
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.0f} MB"
