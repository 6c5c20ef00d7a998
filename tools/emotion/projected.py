"""Emotion told by the base: the probability of each label as the word behind an utterance's soft tokens."""

from pathlib import Path
from typing import Any

import numpy as np

from killah.audio.recognition.emotion import NAMES
from killah.audio.recognition.recogniser import Recogniser
from killah.audio.recordings import files
from killah.config import Settings
from killah.engine.hearing.projected import Projected
from killah.engine.members import Members
from killah.gemma import base, catalog, hearing
from killah.metrics.classes import accuracy, class_recall, macro_f1
from tools.emotion.measured import read
from tools.evaluate.report import as_text, progress


def show(manifest: Path, encoder: str) -> None:
    """Print figures of the test clips. Raises `KillahError` where there is no audio projector."""
    loaded = base.load(catalog.find(Settings().model))
    projected = Projected(loaded, Members(loaded), Recogniser.load(encoder))
    rows = [row for row in read(manifest) if row.get("split", "test") == "test" and row["emotion"] in NAMES]
    progress(f"{len(rows)} clips")
    found = [probabilities(projected, loaded, files.read(row["audio"])) for row in rows]
    truths, guesses = [row["emotion"] for row in rows], [max(each, key=lambda k: each[k]) for each in found]
    figures: dict[str, Any] = {
        "accuracy": accuracy(truths, guesses),
        "macro_f1": macro_f1(truths, guesses),
        "recall": class_recall(truths, guesses),
    }
    print(as_text({"label words behind soft tokens": figures}))


def probabilities(projected: Projected, loaded: base.Base, samples: np.ndarray) -> dict[str, float]:
    """Of each label, given that it is one of them, when nothing but a label is written."""
    soft, tokenizer = projected.soft(samples), loaded.tokenizer
    before = [tokenizer.bos, *[hearing.SOFT] * len(soft), hearing.silence(tokenizer)], False
    nats = projected.charged(soft, [[before, (hearing.spelled([label], tokenizer), True)] for label in NAMES])
    scores = np.exp(nats.min() - nats)
    return dict(zip(NAMES, (scores / scores.sum()).tolist(), strict=True))
