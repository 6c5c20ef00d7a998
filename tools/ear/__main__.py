"""`python -m tools.ear prepare|train|save|words|frames|projector`: speech to the shipped encoder ear-nano.

python -m tools.ear prepare --data .data          # real clips and synthetic speech, as shards
python -m tools.ear train --run runs/ear-nano     # resumes what was begun
python -m tools.ear save --run runs/ear-nano --out models/ear-nano  # --other runs/before: the mean of both
python -m tools.ear projector --out models/ear-nano --run runs/adapters/audio-projector --steps 400 --hours 5
"""

import argparse
import signal
from collections.abc import Iterator
from pathlib import Path

import torch
from transformers import Wav2Vec2ForCTC

from tools.pretrain.train import Recipe, Run

from . import projecting, speech
from .clips import Spoken
from .frames import save_frames
from .model import SHAPES, build
from .saving import average, save
from .train import train
from .words import save_words

HOUR = 3600.0


def prepare(options: argparse.Namespace) -> None:
    """Write the shards that are not there yet; `dev` ones are of unheard speakers and voices."""
    data, out = options.data, options.shards
    speech.write_shard(out / "train-real", speech.real(data, "train"))
    speech.write_shard(out / "dev-real", _every(speech.real(data, "test"), 25))
    for language in ("en", "ru"):
        held = speech.synthetic(data, language, HOUR / 20, 0, unheard=True)
        speech.write_shard(out / f"dev-synthetic-{language}", held)
        asked = speech.commands(language, HOUR / 2, 1)
        speech.write_shard(out / f"train-commands-{language}", asked)
    for number in range(options.hours):
        language = "ru" if number % 5 == 4 else "en"
        found = speech.synthetic(data, language, HOUR, 1 + number)
        speech.write_shard(out / f"train-synthetic-{language}-{number:02d}", found)


def _every(found: Iterator[Spoken], step: int) -> Iterator[Spoken]:
    return (each for number, each in enumerate(found) if number % step == 0)


def trained(options: argparse.Namespace) -> Run[Wav2Vec2ForCTC]:
    """The run as far as it is."""
    recipe = Recipe(
        steps=options.steps,
        warmup=options.warmup,
        decay=options.decay,
        muon_lr=options.muon,
        adam_lr=options.adam,
        save_every=options.save_every,
    )
    options.run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    run = Run(build(options.shape), recipe, options.run, "cuda" if torch.cuda.is_available() else "cpu")
    if run.resume():
        print(f"resuming at step {run.step}", flush=True)
    return run


def main() -> None:
    """Parse and do it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("prepare", "train", "save", "words", "frames", "projector"))
    parser.add_argument(
        "--data", type=Path, default=Path(".data"), help="folder with speech, text-en and text-ru"
    )
    parser.add_argument("--shards", type=Path, default=Path(".data/ear"))
    parser.add_argument("--hours", type=int, default=12, help="of synthetic speech, every fifth Russian")
    parser.add_argument("--run", type=Path, default=Path("runs/ear-nano"))
    parser.add_argument("--other", type=Path, help="a run whose weights are averaged into what is saved")
    parser.add_argument("--share", type=float, default=0.5, help="of that run in the mean")
    parser.add_argument("--out", type=Path, default=Path("models/ear-nano"))
    parser.add_argument("--shape", choices=SHAPES, default="nano")
    parser.add_argument("--steps", type=int, default=6_000)
    parser.add_argument("--seconds", type=float, default=70, help="of speech in a step")
    parser.add_argument("--real", type=int, default=1, help="times a real clip comes in an epoch")
    parser.add_argument("--warmup", type=int, default=200)
    parser.add_argument("--decay", type=float, default=0.55)
    parser.add_argument("--muon", type=float, default=0.01)
    parser.add_argument("--adam", type=float, default=0.001)
    parser.add_argument("--save-every", type=int, default=200)
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    if options.what == "prepare":
        prepare(options)
    elif options.what == "train":
        train(
            trained(options),
            options.shards,
            options.seconds,
            lambda line: print(line, flush=True),
            real=options.real,
        )
    elif options.what == "words":
        save_words(options.data, options.out)
    elif options.what in ("frames", "projector"):
        rows = options.data / "adapters" / "audio-projector"
        if options.what == "frames" or not projecting.made(rows, options.out):
            save_frames(options.shards, options.out, rows, options.hours)
        if options.what == "projector":
            projecting.train(options.run, rows, options.steps)
            projecting.ship(options.run)
    else:
        run = trained(options)
        if options.other:
            average(run, trained(argparse.Namespace(**vars(options) | {"run": options.other})), options.share)
        save(run, options.out)


if __name__ == "__main__":
    main()
