"""How well speech is written down: word error rates of each way of hearing, and of pocketsphinx.

The manifest is JSON lines with `audio` (a path beside it), `text`, and optionally `emotion`, `speaker`,
`dataset` (figures are for each), `split` and `lang`; of `split` only "test" counts, of `lang` only --lang.
`heard_nothing` is the share of clips without a word. Intervals resample clips.
"""

import argparse
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from killah.audio import files
from killah.audio.beam import Search
from killah.audio.recogniser import Recogniser
from killah.config import Settings
from killah.engine.rescoring import GUESSES, Judge
from killah.gemma import base, catalog
from killah.metrics.intervals import bootstrap_paired
from killah.metrics.spoken import spoken
from killah.metrics.word_errors import character_error_rate, word_error_rate, word_errors
from tools.evaluate.report import progress

Hearing = Callable[[np.ndarray], str]


@dataclass(frozen=True)
class Clip:
    """A recording, what was said, and which set it belongs to."""

    path: Path
    text: str
    dataset: str


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which recordings, how many, and what hears them."""
    parser.add_argument("--manifest", type=Path, required=True, help="JSON lines with audio and text")
    parser.add_argument("--encoder", default="ear-nano", help="name or folder (default %(default)s)")
    parser.add_argument("--lang", default="en", help="clips in this language (default %(default)s)")
    parser.add_argument("--most", type=int, default=200, help="clips of a dataset (default %(default)s)")
    parser.add_argument("--dataset", action="append", help="only this one; repeatable")
    parser.add_argument("--no-peer", action="store_true", help="without pocketsphinx")
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Word error rates by dataset and way of hearing."""
    hearings = ways(options.encoder) | ({} if options.no_peer else {"pocketsphinx": pocketsphinx()})
    result: dict[str, Any] = {"encoder": options.encoder}
    for dataset, clips in read(options).items():
        progress(f"{dataset}: {len(clips)} clips")
        result[dataset] = _figures(clips, hearings, options.seed)
    return result


def read(options: argparse.Namespace) -> dict[str, list[Clip]]:
    """The clips to measure on, by dataset, drawn at random where there are too many."""
    found: dict[str, list[Clip]] = {}
    for line in options.manifest.read_text("utf-8").splitlines():
        row = json.loads(line)
        counts = row.get("split", "test") == "test" and row.get("lang", options.lang) == options.lang
        dataset = row.get("dataset", "clips")
        if counts and row.get("text") and dataset in (options.dataset or [dataset]):
            clip = Clip(options.manifest.parent / row["audio"], row["text"], dataset)
            found.setdefault(dataset, []).append(clip)
    dice = random.Random(options.seed)
    return {
        name: clips if len(clips) <= options.most else dice.sample(clips, options.most)
        for name, clips in sorted(found.items())
    }


def ways(encoder: str) -> dict[str, Hearing]:
    """Every way of hearing that is installed."""
    recogniser = Recogniser.load(encoder)
    # Hypotheses that differ anywhere, not only in their last words.
    wide = Recogniser.load(encoder, Search(width=64, memory=100))
    judge = Judge(base.load(catalog.find(Settings().model)))

    def judged(samples: np.ndarray) -> str:
        _, found = wide.guesses(samples, GUESSES)
        return " ".join(judge.best(found).words) if found else ""

    return {
        "ctc_greedy": lambda samples: _joined(recogniser.draft(samples)),
        "ctc_words": lambda samples: _joined(recogniser.settle(samples)),
        "ctc_words_base": judged,
    }


def _joined(words: Any) -> str:
    return " ".join(word.text for word in words)


def pocketsphinx() -> Hearing:
    """The peer, with the English model and dictionary of its wheel."""
    from pocketsphinx import Decoder  # pyright: ignore[reportMissingTypeStubs]

    decoder = Decoder(loglevel="FATAL")

    def hear(samples: np.ndarray) -> str:
        decoder.start_utt()
        decoder.process_raw((np.clip(samples, -1, 1) * 32767).astype(np.int16).tobytes(), full_utt=True)
        decoder.end_utt()
        best = decoder.hyp()
        return best.hypstr if best else ""

    return hear


def _figures(clips: list[Clip], hearings: dict[str, Hearing], seed: int) -> dict[str, Any]:
    texts = [clip.text for clip in clips]
    heard: dict[str, list[str]] = {name: [] for name in hearings}
    for clip in clips:
        samples = files.read(clip.path)
        for name, hear in hearings.items():
            heard[name].append(hear(samples))
    words = sum(len(spoken(text).split()) for text in texts)
    result: dict[str, Any] = {"clips": len(clips), "words": words}
    for name, transcripts in heard.items():
        result[name] = {
            "word_error_rate": word_error_rate(texts, transcripts, seed=seed),
            "character_error_rate": character_error_rate(texts, transcripts, seed=seed),
            "heard_nothing": sum(not text.strip() for text in transcripts) / len(transcripts),
        }
    if "pocketsphinx" in heard:
        result["over_pocketsphinx"] = _gaps(texts, heard, seed)
    return result


def _gaps(texts: list[str], heard: dict[str, list[str]], seed: int) -> dict[str, Any]:
    """Word error rate of each less pocketsphinx's, clips paired."""
    lengths = [len(spoken(text).split()) for text in texts]
    errors = {
        name: [word_errors(*pair).total for pair in zip(texts, transcripts, strict=True)]
        for name, transcripts in heard.items()
    }
    theirs = errors.pop("pocketsphinx")
    return {name: bootstrap_paired(ours, theirs, lengths, seed=seed) for name, ours in errors.items()}
