"""How well speech is written down: word error rates of each way of hearing, and of pocketsphinx.

The manifest is JSON lines with `audio` (a path beside it), `text`, and optionally `emotion`, `speaker`,
`dataset` (figures are for each), `split` and `lang`; of `split` only "test" counts, of `lang` only --lang.
`projector` is what the base writes behind its audio projector, `joint` both. As a control,
`projector_of_another_clip` says how much of a clip the projector hears in the next one's sound, `nats_a_word`
what the base charges for the words behind the clip's own soft tokens and behind the next one's. `--card`
writes the rates of all clips into the projector's card: `killah transcribe` and `dictate` take the best way.
`heard_nothing` is the share of clips without a word. Intervals resample clips. Of clips with an `emotion`, in
whatever language, `emotion` says how well it is told (`tools.evaluate.emotion`).
"""

import argparse
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from killah.adapters import package
from killah.audio.recognition.recogniser import Recogniser
from killah.audio.recordings import files
from killah.config import Settings
from killah.engine.hearing.joint import WIDE, Judged, by_hearing, by_reading
from killah.engine.hearing.projected import PROJECTOR, Projected
from killah.engine.hearing.ways import MEASURED
from killah.engine.members import Members
from killah.gemma import base, catalog
from killah.gemma.base import Base
from killah.metrics.intervals import bootstrap, bootstrap_paired
from killah.metrics.spoken import spoken
from killah.metrics.word_errors import character_error_rate, word_error_rate, word_errors
from tools.evaluate.emotion import emotions
from tools.evaluate.report import progress

Hearing = Callable[[np.ndarray], str]
CONTROL = "projector_of_another_clip"
WAYS = {"ctc": "ctc_words", "reread": "ctc_words_base", "projector": "projector", "joint": "joint"}


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
    parser.add_argument("--no-projector", action="store_true", help="the letters alone")
    parser.add_argument("--card", type=Path, help="folder of the audio projector, to write the rates into")
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Word error rates by dataset and way of hearing."""
    # First: what it refuses should not cost the minutes that hearing takes.
    told = emotions(options.manifest, options.dataset, seed=options.seed)
    loaded = base.load(catalog.find(Settings().model))
    members = Members(loaded)
    there = not options.no_projector and members.card(PROJECTOR) is not None
    projected = Projected(loaded, members, Recogniser.load(options.encoder)) if there else None
    hearings = hearings_of(options.encoder, loaded, members, projected)
    hearings |= {} if options.no_peer else {"pocketsphinx": pocketsphinx()}
    result: dict[str, Any] = {"encoder": options.encoder}
    every = _Heard()
    for dataset, clips in read(options).items():
        progress(f"{dataset}: {len(clips)} clips")
        heard = _listened(clips, hearings, projected)
        every.add(heard)
        result[dataset] = _figures(heard, options.seed)
    result["all"] = _figures(every, options.seed)
    if options.card:
        write_rates(options.card, result["all"])
    return result | ({"emotion": told} if told else {})


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


def hearings_of(
    encoder: str, loaded: Base, members: Members, projected: Projected | None
) -> dict[str, Hearing]:
    """Every way of hearing that is installed."""
    recogniser = Recogniser.load(encoder)
    wide = Recogniser.load(encoder, WIDE)
    reread = Judged(wide, by_reading(loaded, members))
    found: dict[str, Hearing] = {
        "ctc_greedy": lambda samples: _joined(recogniser.draft(samples)),
        "ctc_words": lambda samples: _joined(recogniser.settle(samples)),
        "ctc_words_base": lambda samples: _joined(reread.settle(samples)),
    }
    if projected is not None:
        joint = Judged(wide, by_hearing(projected))
        found["projector"] = lambda samples: _joined(projected.settle(samples))
        found["joint"] = lambda samples: _joined(joint.settle(samples))
    return found


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


@dataclass
class _Heard:
    """Clips as they were heard: their texts, transcripts of each way, nats of each text by sound."""

    texts: list[str] = field(default_factory=list)
    transcripts: dict[str, list[str]] = field(default_factory=dict)
    nats: list[tuple[float, float]] = field(default_factory=list)  # own sound, the next clip's

    def add(self, more: "_Heard") -> None:
        """Put `more` clips behind these."""
        self.texts += more.texts
        self.nats += more.nats
        for name, found in more.transcripts.items():
            self.transcripts.setdefault(name, []).extend(found)


def _listened(clips: list[Clip], hearings: dict[str, Hearing], projected: Projected | None) -> _Heard:
    heard = _Heard([clip.text for clip in clips], {name: [] for name in hearings})
    sounds = [files.read(clip.path) for clip in clips]
    for samples in sounds:
        for name, hear in hearings.items():
            heard.transcripts[name].append(hear(samples))
    if projected is not None:
        heard.transcripts[CONTROL] = np.roll(heard.transcripts["projector"], -1).tolist()
        softs = [projected.soft(samples) for samples in sounds]
        for samples, text, own, other in zip(sounds, heard.texts, softs, [*softs[1:], softs[0]], strict=True):
            words = [spoken(text).split()]
            costs = [float(projected.nats(samples, words, soft)[0]) for soft in (own, other)]
            heard.nats.append((costs[0], costs[1]))
    return heard


def _figures(heard: _Heard, seed: int) -> dict[str, Any]:
    texts = heard.texts
    words = sum(len(spoken(text).split()) for text in texts)
    result: dict[str, Any] = {"clips": len(texts), "words": words}
    for name, transcripts in heard.transcripts.items():
        result[name] = {
            "word_error_rate": word_error_rate(texts, transcripts, seed=seed),
            "character_error_rate": character_error_rate(texts, transcripts, seed=seed),
            "heard_nothing": sum(not text.strip() for text in transcripts) / len(transcripts),
        }
    if heard.nats:
        result["nats_a_word"] = _control(heard, seed)
    for peer in ("ctc_words", "pocketsphinx"):
        if peer in heard.transcripts:
            result[f"over_{peer}"] = _gaps(texts, heard.transcripts, peer, seed)
    return result


def _control(heard: _Heard, seed: int) -> dict[str, Any]:
    """Nats a word behind the right and the wrong soft tokens; clips too short for their letters left out."""
    lengths = [len(spoken(text).split()) for text in heard.texts]
    pairs = zip(heard.nats, lengths, strict=True)
    own, other, words = np.array([(*nats, length) for nats, length in pairs if np.isfinite(nats).all()]).T
    return {
        "own_sound": bootstrap(own, words, seed=seed),
        "another_clips_sound": bootstrap(other, words, seed=seed),
        "own_less_another": bootstrap_paired(own, other, words, seed=seed),
    }


def write_rates(folder: Path, figures: dict[str, Any]) -> None:
    """Put the word error rates of each way into the card of the projector in `folder`."""
    card = package.read_card(folder)
    for way, name in WAYS.items():
        card.metrics[MEASURED + way] = round(figures[name]["word_error_rate"].value, 4)
    card.metrics["words_measured"] = figures["words"]
    (folder / package.NAME).write_text(card.model_dump_json(indent=2) + "\n", "utf-8")


def _gaps(texts: list[str], heard: dict[str, list[str]], peer: str, seed: int) -> dict[str, Any]:
    """Word error rate of each less the peer's, clips paired."""
    lengths = [len(spoken(text).split()) for text in texts]
    errors = {
        name: [word_errors(*pair).total for pair in zip(texts, transcripts, strict=True)]
        for name, transcripts in heard.items()
    }
    theirs = errors.pop(peer)
    return {name: bootstrap_paired(ours, theirs, lengths, seed=seed) for name, ours in errors.items()}
