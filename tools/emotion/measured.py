"""Recordings with an emotion as numbers: prosody and every layer of the encoder, clean and as augmented."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from killah.audio.encoders.wav2vec2 import Wav2Vec2
from killah.audio.recognition.emotion import label_of, pooled_layers
from killah.audio.recognition.prosody import prosody
from killah.audio.recordings import files
from tools.ear.augment import augment

COPIES = 2  # augmented, beside the clean one
SEED = 1


@dataclass(frozen=True)
class Measured:
    """A row a copy of a clip; copy 0 is clean."""

    names: list[str]  # of the features of prosody
    prosody: np.ndarray  # (rows, features)
    layers: np.ndarray  # (rows, layers, 2 * width): means and deviations over time
    labels: np.ndarray  # (rows,) of str
    speakers: np.ndarray  # (rows,) of str
    splits: np.ndarray  # (rows,) of str
    copies: np.ndarray  # (rows,)

    def where(self, which: np.ndarray) -> "Measured":
        """The rows of a mask (rows,)."""
        return Measured(
            self.names,
            self.prosody[which],
            self.layers[which],
            self.labels[which],
            self.speakers[which],
            self.splits[which],
            self.copies[which],
        )


def read(manifest: Path) -> list[dict[str, Any]]:
    """Rows with an emotion, which is its label here, and the path of the recording as `audio`."""
    rows = map(json.loads, manifest.read_text("utf-8").splitlines())
    return [
        row | {"emotion": label_of(row["emotion"]), "audio": manifest.parent / row["audio"]}
        for row in rows
        if row.get("emotion")
    ]


def read_aloud(manifest: Path, datasets: dict[str, int], *, tested: bool) -> list[dict[str, Any]]:
    """So many rows of each dataset without an emotion as neutral ones, of the split "test" or of others."""
    rows = [json.loads(line) for line in manifest.read_text("utf-8").splitlines()]
    found = []
    for name, most in datasets.items():
        fitting = [
            row
            for row in rows
            if (row.get("dataset"), row.get("split") == "test") == (name, tested) and not row.get("emotion")
        ]
        chosen = np.random.default_rng(SEED).permutation(len(fitting))[:most]
        found += [
            fitting[i] | {"emotion": "neutral", "audio": manifest.parent / fitting[i]["audio"]}
            for i in chosen
        ]
    return found


def together(first: Measured, second: Measured) -> Measured:
    """The rows of both."""
    pairs = [(getattr(first, field.name), getattr(second, field.name)) for field in fields(Measured)[1:]]
    return Measured(first.names, *(np.concatenate(pair) for pair in pairs))  # pyright: ignore[reportCallIssue]


def measure(
    rows: Sequence[dict[str, Any]], encoder: Wav2Vec2 | None = None, copies: int = COPIES
) -> Measured:
    """Of `rows` as `read` gives them; without an encoder there are no layers."""
    acoustic, layers, about = [], [], []
    for row in rows:
        for copy, samples in enumerate(_copies(row["audio"], copies)):
            acoustic.append(prosody(samples))
            layers.append(
                pooled_layers(encoder, samples, encoder.config.num_hidden_layers) if encoder else []
            )
            about.append((row["emotion"], row.get("speaker") or "unknown", row.get("split", "test"), copy))
    labels, speakers, splits, numbers = map(np.array, zip(*about, strict=True))
    values = np.array([list(each.values()) for each in acoustic])
    return Measured(list(acoustic[0]), values, np.array(layers), labels, speakers, splits, numbers)


def _copies(path: Path, copies: int) -> Iterator[np.ndarray]:
    """The clip as it is, and augmented copies of it."""
    samples = files.read(path)
    yield samples
    for copy in range(1, copies + 1):
        yield augment(samples, np.random.default_rng((copy, *path.name.encode())))
