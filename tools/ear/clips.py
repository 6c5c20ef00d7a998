"""Clips on disk: 16 kHz samples of many recordings in one file that is mapped, never loaded.

    STEM.i16       int16 samples, one clip after another
    STEM.jsonl     of each clip: start, samples, text, speaker

A shard is complete when its `.jsonl` is there; it is written last, under another name first.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np

FULL = 32_767

Spoken = tuple[np.ndarray, str, str]  # samples (samples,) float32, text, speaker


@dataclass(frozen=True)
class Clip:
    """One recording in a shard; `start` and `samples` count samples, `text` is in ear-nano's letters."""

    shard: str
    start: int
    samples: int
    text: str
    speaker: str


def write(stem: Path, clips: Iterable[Spoken]) -> int:
    """Write (samples float32, text, speaker) as a shard; how many."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    lines, start = [], 0
    with stem.with_suffix(".i16").open("wb") as file:
        for samples, text, speaker in clips:
            file.write((np.clip(samples, -1, 1) * FULL).astype(np.int16).tobytes())
            lines.append(json.dumps(asdict(Clip(stem.name, start, len(samples), text, speaker))))
            start += len(samples)
    new = stem.with_suffix(".new")
    new.write_text("\n".join(lines) + "\n")
    new.replace(stem.with_suffix(".jsonl"))
    return len(lines)


def listed(folder: Path, pattern: str = "*") -> list[Clip]:
    """Every clip of the shards in `folder`."""
    paths = sorted(folder.glob(f"{pattern}.jsonl"))
    return [Clip(**json.loads(line)) for path in paths for line in path.read_text().splitlines()]


def samples(folder: Path, clip: Clip) -> np.ndarray:
    """Samples of a clip, (samples,) float32 in [-1, 1]."""
    return (
        _mapped(folder / f"{clip.shard}.i16")[clip.start : clip.start + clip.samples].astype(np.float32)
        / FULL
    )


@cache
def _mapped(path: Path) -> np.ndarray:
    return np.memmap(path, dtype=np.int16, mode="r")
