"""Bundles for ExecuTorch beside their originals and beside what else there is, the same base everywhere.

Lowering takes minutes: bundles are kept in `.data/export` and made again when they are gone. Speeds are of 64
greedy tokens after 48, in one run, by the second of CPU time, which a busy machine does not change: Killah's
bundles, its decoder in eager torch, MLX, and transformers' own ExecuTorch export.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from killah.audio.recordings import files
from killah.cli.export import parts
from killah.errors import KillahError
from killah.export.executorch import check, manifest, swapping
from killah.export.executorch.manifest import Manifest
from killah.export.executorch.reference import Reference
from killah.export.executorch.running import Program
from killah.export.executorch.transcribing import words
from killah.gemma import catalog

from . import export_peers

ROOT = Path(__file__).parents[2] / ".data" / "export"
BASE = "pushkin-nano"
TASKS = ("continue", "autocomplete", "rephrase", "summarise")
SWAPPED = ("story", "rephrase=0.7,persona=0.5", "continue=0.5,story=0.5")
TOKENS, ROUNDS, RECORDINGS = 64, 3, 10
SPEECH = Path(__file__).parents[2] / ".data" / "speech"

Figures = dict[str, Any]


def run() -> Figures:
    """Sizes, differences, equal tokens, speeds, perplexities; flat."""
    import torch

    torch.set_num_threads(1)
    figures: Figures = {}
    for quantisation in ("none", "int4"):
        folder = _bundle("continue", quantisation, quantisation)
        figures |= _compositions(folder, quantisation)
        figures |= _likelihood(folder, quantisation)
    figures |= _swaps(ROOT / "none")
    figures |= export_peers.speeds(catalog.find(BASE), ROOT, TOKENS)
    figures |= _mlx(_bundle("continue", "int4", "mlx", "--backend", "mlx"))
    figures |= _speech()
    figures |= export_peers.large()
    return figures


def _bundle(composition: str, quantisation: str, name: str, *more: str) -> Path:
    """A bundle in `ROOT`, made by the command where there is none, or none of today's adapters."""
    folder = ROOT / name
    if not _fresh(folder):
        command = [sys.executable, "-m", "killah", "export", "executorch", "--composition", composition]
        command += ["--base", BASE, "--quantize", quantisation, "--out", str(folder), *more, "--force"]
        subprocess.run(command, check=True)
    there = manifest.read(folder)
    for task in (*TASKS, *SWAPPED):
        if there.slot is not None and task not in there.adapters:
            made, about = parts.gather(task, BASE, None)
            swapping.add(folder, made, about.mix)
    return folder


def _fresh(folder: Path) -> bool:
    try:
        check.original(manifest.read_verified(folder))
    except KillahError:
        return False
    return True


def _compositions(folder: Path, quantisation: str) -> Figures:
    """Each task in ExecuTorch beside MLX."""
    about = manifest.read_verified(folder)
    base = sum(about.files[name].bytes for name in (about.program, about.base_data) if name)
    found: Figures = {f"{quantisation}_base_mb": base / 1e6, f"{quantisation}_precision": about.precision}
    for task in TASKS:
        own, key = about.adapters[task], f"{quantisation}_{task}"
        found[f"{key}_adapter_mb"] = about.files[own.file].bytes / 1e6
        found |= {f"{key}_{name}": value for name, value in _beside(folder, about, task).items()}
    return found


def _beside(folder: Path, about: Manifest, name: str) -> Figures:
    program, ours = Program(folder, name), Reference(check.original(about, name))
    ids = check.sample(catalog.find(BASE))[: check.PROMPT]
    begun = ours.embed(ids)
    expected = ours.write(begun, TOKENS)
    embedded = program.embed(ids)
    difference = np.abs(program.begin(embedded).numpy() - ours.logits(begun)[-1]).max()
    best, written = 0.0, []
    for _ in range(ROUNDS):
        started = time.process_time()
        written = check.greedy(program, embedded, TOKENS)
        best = max(best, TOKENS / (time.process_time() - started))
    same = next(
        (i for i, pair in enumerate(zip(written, expected, strict=True)) if len(set(pair)) > 1), TOKENS
    )
    return {"logits_apart": float(difference), "equal_of_64": same, "tokens_per_cpu_s": best}


def _likelihood(folder: Path, quantisation: str) -> Figures:
    """Perplexity of three held-out texts in the bundle and in MLX."""
    about = manifest.read(folder)
    program, ours = Program(folder), Reference(check.original(about))
    ratios = []
    for name in ("the-blue-cross.txt", "the-maniac.txt", "on-the-negative-spirit.txt"):
        theirs, mine = check.perplexities(program, ours, check.sample(catalog.find(BASE), text=name))
        ratios.append(np.log(theirs / mine))
    return {f"{quantisation}_perplexity_ratio": float(np.exp(np.mean(ratios)))}


def _swaps(folder: Path) -> Figures:
    """Adapters and blends of them through one program, beside the MLX stack with the same weights."""
    about = manifest.read_verified(folder)
    found: Figures = {}
    for name in (*TASKS, *SWAPPED):
        ours = Reference(check.original(about, name))
        program = Program(folder, name)
        ids = check.sample(catalog.find(BASE), 200)
        apart = np.abs(program.begin(program.embed(ids)).numpy() - ours.logits(ours.embed(ids))[-1]).max()
        found[f"swap_{name}_mb"] = about.files[about.adapters[name].file].bytes / 1e6
        found[f"swap_{name}_apart"] = float(apart)
    return found


def _mlx(folder: Path) -> Figures:
    """What the MLX delegate took; whether it computes right only a Mac can tell."""
    about = manifest.read(folder)
    return {
        "mlx_mb": about.files[about.program].bytes / 1e6,
        "mlx_delegated": json.dumps(about.delegated),
        "mlx_left": json.dumps(about.left),
        "mlx_unchecked": about.unchecked,
    }


def _speech() -> Figures:
    """A real recording through `audio_encoder` and `text_decoder`, beside MLX, where there is a projector."""
    from killah.adapters import catalog as adapters

    if all(each.name != "audio-projector" for each in adapters.installed(BASE)):
        return {"speech": "no audio projector is installed"}
    if not SPEECH.is_dir():
        return {"speech": "no recordings in .data/speech"}
    folder = _bundle("transcribe", "none", "speech", "--merge")
    program, same, said = Program(folder), 0, ""
    recordings = sorted(SPEECH.glob("kathleen/*.opus"))[:RECORDINGS]
    for path in recordings:
        sound = files.read(path)
        said = "".join(words(program, folder, sound)).strip()
        same += said == export_peers.transcript(folder, sound)
    apart = check.check(folder, files.read(recordings[0])).parity
    return {
        "speech_soft_tokens_apart": apart.audio if apart else None,
        "speech_same_transcripts": f"{same} of {len(recordings)}",
        "speech_last": said,
    }
