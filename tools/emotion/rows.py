"""The audio projector's second stage: what is said and how, as rows beside what the encoder hears.

German clips of the training speakers are learned as their emotion alone, since the base writes English. As
many English clips, read aloud, are learned as their words and then `neutral`, so that words are kept. Rows of
`valid` are of the speaker whose split is "dev" and of the encoder's own dev clips.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import Wav2Vec2ForCTC

from killah.audio import RATE
from killah.audio.recordings import files
from killah.training import recordings
from tools.ear import clips
from tools.ear.augment import augment
from tools.ear.frames import QUIET, SECONDS_PER_FRAME, heard, word_ends
from tools.ear.letters import LETTERS
from tools.emotion.measured import read

COPIES = 1  # of each training clip, augmented as the encoder's own
SPLITS = {"train": "train", "dev": "valid"}  # of the manifest, and of rows
READ_ALOUD = {"train": "train-real", "valid": "dev-real"}  # shards
SEED = 1

Row = dict[str, Any]


def save_rows(manifest: Path, shards: Path, model: Path, out: Path) -> None:
    """Write train.jsonl, valid.jsonl and the recordings. Raises `KillahError`."""
    out.mkdir(parents=True, exist_ok=True)
    ear = Wav2Vec2ForCTC.from_pretrained(model, dtype=torch.float32).eval()
    rows: dict[str, list[Row]] = {split: [] for split in READ_ALOUD}
    found = _features(ear, manifest, shards, rows)
    width = ear.config.hidden_size + len(LETTERS)
    recordings.write(out, model.name, SECONDS_PER_FRAME, found, width)
    for split, kept in rows.items():
        lines = (json.dumps(row, ensure_ascii=False) for row in kept)
        (out / f"{split}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def _features(
    ear: Wav2Vec2ForCTC, manifest: Path, shards: Path, rows: dict[str, list[Row]]
) -> Iterator[np.ndarray]:
    """Features of silence and of every clip; their rows are put into `rows`."""
    yield heard(ear, np.zeros(round(QUIET * RATE), np.float32))[0]
    number = 1
    for split, samples, row in _acted(manifest):
        frames, _ = heard(ear, samples)
        rows[split].append(row | {"recording": number})
        number += 1
        yield frames
    for split, shard in READ_ALOUD.items():
        for samples, text in _read_aloud(shards, shard, len(rows[split])):
            frames, log_probs = heard(ear, samples)
            if ends := word_ends(log_probs, text):
                rows[split].append({"text": text, "ends": ends, "emotion": "neutral", "recording": number})
                number += 1
                yield frames


def _acted(manifest: Path) -> Iterator[tuple[str, np.ndarray, Row]]:
    """Split, samples and row of every clip with an emotion that may be learned from."""
    for row in read(manifest):
        if split := SPLITS.get(row.get("split", "test")):
            samples, target = files.read(row["audio"]), {"text": "", "emotion": row["emotion"]}
            if split == "valid":
                yield split, samples, target
                continue
            for copy in range(COPIES):
                yield (
                    split,
                    augment(samples, np.random.default_rng((copy, *row["audio"].name.encode()))),
                    target,
                )


def _read_aloud(shards: Path, shard: str, most: int) -> Iterator[tuple[np.ndarray, str]]:
    """Samples and text of some English clips of a shard."""
    found = [clip for clip in clips.listed(shards, shard) if clip.text.isascii()]
    random = np.random.default_rng(SEED)
    for place in random.permutation(len(found))[:most]:
        samples = clips.samples(shards, found[place])
        yield augment(samples, random) if shard.startswith("train") else samples, found[place].text
