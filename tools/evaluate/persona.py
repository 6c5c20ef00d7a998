"""Whether Killah writes like somebody: every way of being personal on authors that nothing was trained on.

Part of each author's text is indexed, the rest, of another book where there are several, is held out.
`ways` charges it with the right persona and with those that could refute it: another author's, and passages
of all other authors together. `attention` sets the learned attention beside the mean and the four nearest
passages. `authorship` asks whose a passage is by the persona's vector alone; `writing` counts first words,
keystrokes saved and the style of continuations; `choice` lets `killah persona check` choose weights on one
half of the held-out text and ranks them on the other. With `--train` each author's own LoRA is trained on
the indexed part.

Example: python -m tools.evaluate persona --data .data/text-en --only ways,attention --passages 12
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from killah.config import Settings
from killah.errors import KillahError
from tools.evaluate import authorship, personal
from tools.evaluate.passages import authors
from tools.evaluate.report import progress
from tools.evaluate.writers import Gathering
from tools.pretrain.corpus import HELD_OUT

_SECTIONS: dict[str, Callable[[Gathering, argparse.Namespace], dict[str, Any] | None]] = {
    "ways": personal.ways,
    "attention": personal.attention,
    "authorship": authorship.authorship,
    "writing": personal.writing,
    "choice": personal.choice,
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `persona`."""
    parser.add_argument("--data", type=Path, default=Path(".data/text-en"), help="DIR/<author>/*.txt")
    parser.add_argument(
        "--only", type=lambda names: names.split(","), help=f"comma-separated, of {', '.join(_SECTIONS)}"
    )
    parser.add_argument(
        "--authors", type=lambda names: names.split(","), help="folders; else the held-out ones"
    )
    parser.add_argument("--passages", type=int, default=20, help="held out of each author (default 20)")
    parser.add_argument("--indexed", type=int, default=200_000, help="characters indexed of each author")
    parser.add_argument(
        "--train", action="store_true", help="train each author's own LoRA first, in CACHE/evaluation"
    )
    parser.add_argument("--model", default=Settings().model, help="a model's name or folder")
    parser.add_argument("--cache", type=Path, default=Path(".data"), help="folder where embeddings are kept")
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """All figures, or those of the sections asked for."""
    began = time.perf_counter()
    if unknown := set(options.only or ()) - set(_SECTIONS):
        raise KillahError(f"There is no {min(unknown)!r}.", f"Known: {', '.join(_SECTIONS)}.")
    there = authors(options.data)
    names: list[str] = options.authors or sorted(HELD_OUT.intersection(there)) or there
    gathering = Gathering(options, names)
    result: dict[str, Any] = {"model": options.model, "data": str(options.data), "authors": names}
    if options.train:
        os.environ["KILLAH_HOME"] = str((options.cache / "evaluation").resolve())
        result["trained"] = gathering.train()
    for name in options.only or _SECTIONS:
        progress(name)
        result[name] = _SECTIONS[name](gathering, options)
    return result | {"seconds": round(time.perf_counter() - began, 1)}
