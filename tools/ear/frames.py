"""Clips as the trained encoder hears them: the training rows of the audio projector and the audio LoRA."""

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import Wav2Vec2ForCTC

from killah.audio import RATE
from killah.audio.features import features
from killah.audio.recognition.alignment import align
from killah.errors import KillahError
from killah.training import recordings

from . import clips
from .augment import augment
from .clips import Clip
from .letters import LETTERS

SEED = 1
QUIET = 2.0  # seconds of silence that recording 0 is
LETTERS_A_SECOND = 25  # what is said faster was cut wrongly
SECONDS_PER_FRAME = 0.04
LETTER_SCORE = 0.02  # geometric mean probability of the letters; what is less was said otherwise

Heard = tuple[np.ndarray, np.ndarray]  # features (frames, width), log_probs (frames, letters)


def save_frames(shards: Path, model: Path, out: Path, hours: float) -> None:
    """Write rows and frames of the English dev shards and of up to `hours` of training ones, a random choice.

    transformers hears them, sixteen times as fast on a CPU as MLX. Training clips are augmented, as they were
    for the encoder: clean, it would hear them better than what it has not learned from.
    """
    out.mkdir(parents=True, exist_ok=True)
    said = {
        "train": _within(clips.listed(shards, "train-*"), hours),
        "valid": _english(clips.listed(shards, "dev-*")),
    }
    ear = Wav2Vec2ForCTC.from_pretrained(model, dtype=torch.float32).eval()
    rows: dict[str, list[dict[str, Any]]] = {split: [] for split in said}
    found = _features(ear, shards, said, rows)
    width = ear.config.hidden_size + len(LETTERS)
    recordings.write(out, model.name, SECONDS_PER_FRAME, found, width)
    for split, kept in rows.items():
        lines = (json.dumps(row, ensure_ascii=False) for row in kept)
        (out / f"{split}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def _english(found: Iterable[Clip]) -> list[Clip]:
    """The base writes English."""
    return [clip for clip in found if clip.text.isascii()]


def _within(found: list[Clip], hours: float) -> list[Clip]:
    kept, seconds = [], 0.0
    found = _english(found)
    for number in np.random.default_rng(SEED).permutation(len(found)):
        clip = found[number]
        length = clip.samples / RATE
        if seconds + length <= hours * 3600 and len(clip.text) <= LETTERS_A_SECOND * length:
            kept.append(clip)
            seconds += length
    return kept


def _features(
    ear: Wav2Vec2ForCTC, shards: Path, said: dict[str, list[Clip]], rows: dict[str, list[dict[str, Any]]]
) -> Iterator[np.ndarray]:
    """Features of silence and of every clip that is what its text says; their rows are put into `rows`."""
    yield heard(ear, np.zeros(round(QUIET * RATE), np.float32))[0]
    number = 1
    for split, found in said.items():
        for place, clip in enumerate(found):
            samples = clips.samples(shards, clip)
            if split == "train":
                samples = augment(samples, np.random.default_rng((SEED, place)))
            frames, log_probs = heard(ear, samples)
            if ends := word_ends(log_probs, clip.text):
                yield frames
                rows[split].append({"text": clip.text, "ends": ends, "recording": number})
                number += 1


def heard(ear: Wav2Vec2ForCTC, samples: np.ndarray) -> Heard:
    """What the encoder makes of (samples,)."""
    normal = (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)
    with torch.inference_mode():
        frames = ear.wav2vec2(torch.from_numpy(normal)[None]).last_hidden_state
        log_probs = ear.lm_head(frames).log_softmax(dim=-1)
    return features(frames[0].numpy(), log_probs[0].numpy()), log_probs[0].numpy()


def word_ends(log_probs: np.ndarray, text: str) -> list[float]:
    """Seconds at which each word of `text` has ended; nothing where it was hardly said."""
    try:
        found = align(log_probs, text, LETTERS)
    except KillahError:  # cut off
        return []
    doubts = [math.log(max(letter.score, 1e-9)) for letter in found.letters]
    if sum(doubts) / len(doubts) < math.log(LETTER_SCORE):
        return []
    return [round(word.end, 2) for word in found.timed(SECONDS_PER_FRAME)]
