"""Clips as the trained encoder hears them: the training rows of the audio projector and the audio LoRA."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from killah.audio import RATE
from killah.audio.encoder import SpeechEncoder
from killah.training import recordings

from . import clips
from .clips import Clip

QUIET = 2.0  # seconds of silence that recording 0 is
LETTERS_A_SECOND = 25  # what is said faster was cut wrongly


def save_frames(shards: Path, model: Path, out: Path, hours: float) -> None:
    """Write rows and frames of the dev shards and of up to `hours` of training ones, real speech first."""
    out.mkdir(parents=True, exist_ok=True)
    train, valid = _within(clips.listed(shards, "train-*"), hours), clips.listed(shards, "dev-*")
    encoder = SpeechEncoder.load(model)
    found = _frames(encoder, shards, [*train, *valid])
    recordings.write(out, encoder.name, encoder.seconds_per_frame, found, encoder.width)
    number = 1
    for split, said in (("train", train), ("valid", valid)):
        rows = [{"text": clip.text, "recording": number + i} for i, clip in enumerate(said)]
        number += len(rows)
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        (out / f"{split}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def _within(found: list[Clip], hours: float) -> list[Clip]:
    kept, seconds = [], 0.0
    for clip in found:
        length = clip.samples / RATE
        if seconds + length <= hours * 3600 and len(clip.text) <= LETTERS_A_SECOND * length:
            kept.append(clip)
            seconds += length
    return kept


def _frames(encoder: SpeechEncoder, shards: Path, found: list[Clip]) -> Iterator[np.ndarray]:
    yield np.array(encoder.encode(np.zeros(round(QUIET * RATE), np.float32)))
    for clip in found:
        yield np.array(encoder.encode(clips.samples(shards, clip)))
