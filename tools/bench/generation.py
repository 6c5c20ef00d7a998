"""Killah against mlx-lm on the shipped checkpoint: reading, writing, one keystroke.

Each contender runs in a process of its own: mlx-lm as it comes (INT4, bfloat16), mlx-lm given every
advantage (the same float32 weights, the same BLAS, its prompt cache), and Killah. They take turns, so that
a machine whose speed drifts is the same to all.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from killah import devices
from killah.gemma import catalog

ROUNDS = 3
MEASURES = ("prefill_512", "decode_128", "keystroke_400")


def run() -> dict[str, float | int | str]:
    """Median milliseconds of each contender, and how many times faster Killah is."""
    folder = catalog.find("pushkin-nano")
    device = devices.prepare()
    with tempfile.TemporaryDirectory() as temporary:
        best = dense_folder(folder, Path(temporary) / "best")
        times: dict[str, list[dict[str, float]]] = {"killah": [], "mlx_lm_best": [], "mlx_lm_default": []}
        for number in range(ROUNDS):
            times["killah"].append(_measure("killah", folder, None))
            times["mlx_lm_best"].append(_measure("mlx_lm", best, device.blas, "--prompt-cache"))
            if number == 0:  # half a minute a round, and a factor of 50 needs no second look
                times["mlx_lm_default"].append(_measure("mlx_lm", folder, None))
    middle = {who: {m: median(r[m] for r in rounds) for m in MEASURES} for who, rounds in times.items()}
    figures: dict[str, float | int | str] = {
        "device": device.kind,
        "blas": device.blas or "none",
        "rounds": ROUNDS,
    }
    for measure in MEASURES:
        for who, values in middle.items():
            figures[f"{measure}_ms_{who}"] = values[measure]
        for peer_name in ("mlx_lm_default", "mlx_lm_best"):
            figures[f"{measure}_ratio_to_{peer_name}"] = (
                middle[peer_name][measure] / middle["killah"][measure]
            )
    return figures


def dense_folder(source: Path, target: Path) -> Path:
    """The same weights, dequantised to float32, as mlx-lm reads them."""
    import mlx.core as mx

    from killah.gemma import base, manifest

    target.mkdir()
    about = manifest.read_verified(source)
    weights = base.read_weights(source, about)
    if about.quantisation is not None:
        weights = base.dequantise(weights, about.quantisation.group_size)
    dense = {name: value.astype(mx.float32) for name, value in weights.items()}
    mx.save_safetensors(str(target / "model.safetensors"), dense, {"format": "mlx"})
    config = json.loads((source / "config.json").read_text())
    config.pop("quantization", None)
    (target / "config.json").write_text(json.dumps(config))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (target / name).write_bytes((source / name).read_bytes())
    return target


def _measure(who: str, folder: Path, preload: str | None, *options: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tools.bench.generation_worker", who, str(folder), *options]
    environment = os.environ | ({"LD_PRELOAD": preload} if preload else {})
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)
