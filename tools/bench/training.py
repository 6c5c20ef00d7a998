"""Peak memory of a LoRA step on Gemma 3 4B in INT4: computed for all layers, measured on the first few.

The model has the 4B's true width, heads and vocabulary, random INT4 weights and 1, 2 and 4 of its 34 layers;
a step is one row through a rank-64 adapter of the default layers: loss, gradient, clipping, AdamW. Each
measurement is a process of its own. Two lines through the measurements, one for the gradient and one for the
update after it (whose share grows faster), say what 34 layers would take: the higher one. Beside it stands
what `killah.training.memory` computes, also for a row of a useful length. 4-bit products on a CPU cost
linearly in rows, so the row is short, and only its last tokens are learned.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tools.bench.base4b import CONFIG, peak_bytes

if TYPE_CHECKING:
    from killah.gemma.gemma3 import Config as Shape
    from killah.gemma.gemma3 import Gemma3
    from killah.training.config import Config

LAYERS = (1, 2, 4)
ALL = 34
LENGTH = 64  # tokens of the row
LEARNED = 8  # of them
USEFUL = 1024  # tokens of a row in practice, all of them learned
RANK = 64
MODES = {"kept": False, "checkpointed": True}  # grad_checkpoint


def run() -> dict[str, float | int | str]:
    """Bytes measured, fitted and computed, without and with gradient checkpointing."""
    figures: dict[str, float | int | str] = {"length": LENGTH, "learned": LEARNED, "rank": RANK}
    for mode, checkpoint in MODES.items():
        peaks: dict[str, list[float]] = {"gradient": [], "update": []}
        for layers in LAYERS:
            found = _measure(layers, checkpoint)
            figures |= {f"{mode}_{layers}_layers_{key}": value for key, value in found.items()}
            for phase, each in peaks.items():
                each.append(found[f"{phase}_bytes"])
        fitted = 0
        for phase, each in peaks.items():
            slope, start = np.polyfit(LAYERS, each, 1)
            figures |= {f"{mode}_{phase}_fit_bytes_a_layer": int(slope)}
            figures |= {f"{mode}_{phase}_fit_bytes_besides": int(start)}
            fitted = max(fitted, int(start + ALL * slope))
        computed = _measure(ALL, checkpoint, "compute")
        figures |= {f"{mode}_{ALL}_layers_{key}": value for key, value in computed.items()}
        figures |= {
            f"{mode}_{ALL}_layers_fitted_bytes": fitted,
            f"{mode}_{ALL}_layers_computed_to_fitted": computed["computed_bytes"] / fitted,
        }
    return figures | _savings(figures)


def _savings(figures: dict[str, float | int | str]) -> dict[str, float | int]:
    """What gradient checkpointing leaves free: measured, by the fit, computed."""
    last = LAYERS[-1]
    named = {
        f"saving_{last}_layers_measured_bytes": f"{last}_layers_peak_bytes",
        f"saving_{ALL}_layers_fitted_bytes": f"{ALL}_layers_fitted_bytes",
        f"saving_{ALL}_layers_computed_bytes": f"{ALL}_layers_computed_bytes",
        f"saving_{ALL}_layers_computed_bytes_at_{USEFUL}": f"{ALL}_layers_computed_bytes_at_{USEFUL}",
    }
    return {
        name: int(figures[f"kept_{key}"]) - int(figures[f"checkpointed_{key}"]) for name, key in named.items()
    }


def _measure(layers: int, checkpoint: bool, what: str = "step") -> dict[str, float]:
    command = [sys.executable, "-m", "tools.bench.training", what, str(layers), str(int(checkpoint))]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def compute(layers: int, checkpoint: bool) -> dict[str, float]:
    """Peak of a step by the formula, in bytes."""
    from killah.training import memory

    shape = _shape(layers)
    # The embedding's scales and biases are in float32 on a CPU: two more bytes each.
    weights = memory.int4_bytes(shape) + 4 * shape.vocab_size * shape.hidden_size // 64
    taken = memory.Step(shape, _settings(checkpoint), LENGTH, weights, 4, scored=LEARNED)
    useful = memory.Step(shape, _settings(checkpoint), USEFUL, weights, 4)
    return {
        "computed_bytes": memory.lora_step(taken).total,
        f"computed_bytes_at_{USEFUL}": memory.lora_step(useful).total,
    }


def step(layers: int, checkpoint: bool) -> dict[str, float]:
    """Take one step; what MLX and the process held at most, in bytes."""
    import mlx.core as mx
    import mlx.nn as nn

    from killah.training import data, lora, optimiser
    from killah.training.loss import token_nats

    model, settings = _model(layers), _settings(checkpoint)
    lora.adapt(model, settings.lora_parameters, settings.num_layers, settings.seed)
    adamw = optimiser.adamw(settings)
    adamw.init(model.trainable_parameters())
    mx.eval(model.parameters(), adamw.state)
    model.train()
    ids = np.random.default_rng(0).integers(4, 256, (1, LENGTH + 1)).astype(np.int32)
    batch = data.Batch(ids, np.arange(LENGTH + 1)[None] > LENGTH - LEARNED, [""])
    gradient = nn.value_and_grad(model, lambda b: mx.sum(token_nats(model, b, checkpoint=checkpoint)))
    mx.reset_peak_memory()
    begun = time.perf_counter()
    loss, gradients = gradient(batch)
    mx.eval(loss, gradients)
    first = mx.get_peak_memory()
    mx.reset_peak_memory()
    changed = optimiser.clipped(gradients, optimiser.norms(gradients)["all"], settings.clip)
    adamw.update(model, changed)
    mx.eval(model.trainable_parameters(), adamw.state)
    assert np.isfinite(loss.item())
    return {
        "gradient_bytes": first,
        "update_bytes": mx.get_peak_memory(),
        "peak_bytes": max(first, mx.get_peak_memory()),
        "resident_bytes": peak_bytes(),
        "seconds": time.perf_counter() - begun,
    } | compute(layers, checkpoint)


def _settings(checkpoint: bool) -> "Config":
    from killah.training.config import Config, Intruders, Lora

    return Config(
        data=Path(),
        batch_size=1,
        grad_checkpoint=checkpoint,
        lora_parameters=Lora(rank=RANK),
        intruders=Intruders(watched=0),
    )


def _shape(layers: int) -> "Shape":
    """Gemma 3 4B, with fewer layers; the first ones are all sliding."""
    from killah.gemma.checkpoint import TextConfig
    from killah.gemma.gemma3 import Config as Shape

    text = CONFIG["text_config"] | {"num_hidden_layers": layers, "rope_scaling": None}
    about = TextConfig.model_validate(text | {"layer_types": ["sliding_attention"] * layers})
    return Shape.read(about.model_dump())


def _model(layers: int) -> "Gemma3":
    """Random INT4 weights of group size 64, in the dtypes `killah.gemma.base` gives them on a CPU."""
    import mlx.core as mx
    import mlx.nn as nn
    from mlx.utils import tree_unflatten

    from killah.gemma.gemma3 import Gemma3
    from killah.gemma.trees import flat

    model = Gemma3(_shape(layers))
    nn.quantize(model, group_size=64, bits=4)  # shapes only: what it would compute is replaced unseen
    random = np.random.default_rng(0)
    values: dict[str, mx.array] = {}
    for name, value in flat(model.parameters()).items():
        inner = mx.bfloat16 if name.startswith("model.layers.") else mx.float32
        if value.dtype == mx.uint32:
            values[name] = mx.array(random.integers(0, 2**32, value.shape, np.uint32))
        elif name.endswith((".scales", ".biases")):  # a spread of 0.02 around 0
            number = 0.004 if name.endswith(".scales") else -0.03
            values[name] = mx.full(value.shape, number, inner)
        else:
            values[name] = mx.zeros(value.shape)
        mx.eval(values[name])
    model.update(tree_unflatten(list(values.items())))
    model.freeze()
    return model


if __name__ == "__main__":
    what, layers, checkpoint = sys.argv[1:]
    print(json.dumps({"step": step, "compute": compute}[what](int(layers), checkpoint == "1")))
