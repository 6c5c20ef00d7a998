"""The stack against PEFT and mlx-lm on the shipped checkpoint: what active adapters cost, how fast they swap.

Each contender runs in a process of its own and takes turns, within it, with its own base: a ratio is of runs
that followed each other. Killah is measured as it comes on this machine (a CPU folds a blend into the
weights) and with its slots, as a larger base keeps them. The peers have the same weights in float32.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

from killah import devices
from killah.adapters.package import Adapter
from killah.gemma import catalog
from tools.bench import noise
from tools.bench.adapters_worker import ACTIVE, DECODE
from tools.bench.generation import dense_folder

ROUNDS = 2
GOAL_PER_CENT, GOAL_SWAP_MS = 15.0, 5.0
PEERS = ("peft", "mlx_lm")

Figures = dict[str, float | int | str | bool | None]
Measured = dict[str, list[float]]  # milliseconds of every repeat


def run() -> Figures:
    """Tokens a second of each base, times as ratios to it, milliseconds of a swap."""
    device = devices.prepare()
    base = catalog.find("pushkin-nano")
    with noise.adapters(base, max(ACTIVE)) as (used, kind), tempfile.TemporaryDirectory() as temporary:
        commands = _commands(base, used, Path(temporary))
        times: dict[str, Measured] = {who: {} for who in commands}
        for _ in range(ROUNDS):
            for who, command in commands.items():
                found = _measure(who, command, device.blas if who == "mlx_lm" else None)
                for name, values in found.items():
                    times[who].setdefault(name, []).extend(values)
        difference = _largest_difference(Path(temporary))
    figures: Figures = {"device": device.kind, "blas": device.blas or "none", "adapters": kind}
    for who, measured in times.items():
        figures |= _decoding(who, measured)
    for who, measured in times.items():
        figures |= _swapping(who, measured)
    figures |= {name: "skipped: not installed" for name in PEERS if name not in times}
    return figures | {"peft_largest_logit_difference": difference} | _goals(figures)


def _commands(base: Path, used: list[Adapter], scratch: Path) -> dict[str, list[str]]:
    """What each contender is started with; a peer that is not installed takes no part."""
    from killah.export import mlx_lm, peft

    ours = [str(base), *(str(adapter.folder) for adapter in used), "--logits", str(scratch / "killah.npy")]
    commands = {"killah": ours, "killah_slots": ours[:-2]}
    dense = str(dense_folder(base, scratch / "dense"))
    for name, write in (("peft", peft.write), ("mlx_lm", mlx_lm.write)):
        if importlib.util.find_spec(name):
            folders = [write(_widened(each), scratch / f"{name}-{i}") for i, each in enumerate(used)]
            commands[name] = [dense, *map(str, folders), "--logits", str(scratch / f"{name}.npy")]
    return commands


def _widened(adapter: Adapter) -> Adapter:
    """In float32 like everything else: mlx-lm would widen bfloat16 anew for every token."""
    import mlx.core as mx

    return Adapter(adapter.card, {name: value.astype(mx.float32) for name, value in adapter.tensors.items()})


def _measure(who: str, arguments: list[str], preload: str | None) -> Measured:
    command = [sys.executable, "-m", "tools.bench.adapters_worker", who, *arguments]
    environment = os.environ | ({"LD_PRELOAD": preload} if preload else {})
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)


def _decoding(who: str, times: Measured) -> Figures:
    """Tokens a second of the base; time against it: the median of neighbouring runs, and least of least."""
    base = times["base"]
    figures: Figures = {f"{who}_base_tokens_per_second": 1000 * DECODE / min(base)}
    for count in ACTIVE:
        if found := times.get(f"{count}_active"):
            ratios = [own / other for own, other in zip(found, base, strict=True)]
            figures[f"{who}_time_ratio_{count}_active"] = median(ratios)
            figures[f"{who}_time_ratio_{count}_active_least"] = min(found) / min(base)
    return figures


def _swapping(who: str, times: Measured) -> Figures:
    """Median and 95th percentile of each kind of swap."""
    figures: Figures = {}
    for name, values in times.items():
        if name.startswith("swap"):
            figures[f"{who}_{name}_ms"] = median(values)
            figures[f"{who}_{name}_ms_p95"] = float(np.percentile(values, 95))
    return figures


def _largest_difference(scratch: Path) -> float | None:
    """Between the logits of one adapter here and of its export in PEFT."""
    ours, theirs = scratch / "killah.npy", scratch / "peft.npy"
    return float(np.abs(np.load(ours) - np.load(theirs)).max()) if theirs.is_file() else None


def _goals(figures: Figures) -> Figures:
    """Three adapters cost at most 15 %, a swap 5 ms in the median."""
    ratio, swap = figures["killah_time_ratio_3_active"], figures["killah_swap_ms"]
    assert isinstance(ratio, float) and isinstance(swap, float)
    cost = 100 * (ratio - 1)
    return {
        "goal_three_adapters_cost_per_cent": cost,
        "goal_three_adapters_met": cost <= GOAL_PER_CENT,
        "goal_swap_met": swap <= GOAL_SWAP_MS,
    }
