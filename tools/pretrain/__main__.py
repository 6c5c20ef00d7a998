"""`python -m tools.pretrain --data DIR --run DIR`: raw text to a Hugging Face Gemma 3 checkpoint.

Prepares what is not there yet, resumes what was begun, and saves `RUN/model` when the steps are done.
"""

import argparse
import json
from itertools import chain
from pathlib import Path

import torch
from tokenizers import Tokenizer

from .corpus import books, posts, straighten
from .model import SHAPES, build
from .rows import write_rows
from .tokenizer import save_tokenizer, train_tokenizer
from .train import Recipe, Run, train


def prepare(data: Path, run: Path, vocab_size: int, length: int) -> None:
    """Tokenizer and rows, once."""
    if not (run / "model" / "tokenizer.json").exists():
        texts = (
            d.text if i % 3 else straighten(d.text) for i, d in enumerate(chain(books(data), posts(data)))
        )
        tokenizer = train_tokenizer((p for t in texts for p in t.split("\n\n")), vocab_size)
        save_tokenizer(tokenizer, run / "model")
    if not (run / "train.npy").exists():
        tokenizer = Tokenizer.from_file(str(run / "model" / "tokenizer.json"))
        counts = write_rows(chain(books(data), posts(data)), tokenizer, length, run)
        print(f"rows of {length} tokens: {counts[0]} to train on, {counts[1]} to validate")


def main() -> None:
    """Parse, prepare, train, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=Path(".data"), help="folder with text-en and text-modern-en"
    )
    parser.add_argument("--run", type=Path, default=Path("runs/pushkin-nano"))
    parser.add_argument("--shape", choices=SHAPES, default="nano")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--length", type=int, default=512)
    parser.add_argument("--vocab", type=int, default=8192)
    parser.add_argument("--save-every", type=int, default=100)
    parser.add_argument("--eager", action="store_true", help="do not compile: slower, needs no C++ compiler")
    options = parser.parse_args()

    (options.run / "model").mkdir(parents=True, exist_ok=True)
    prepare(options.data, options.run, options.vocab, options.length)
    recipe = Recipe(steps=options.steps, batch=options.batch, save_every=options.save_every)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    run = Run(build(options.shape, options.vocab, recipe.seed), recipe, options.run, device)
    if run.resume():
        print(f"resuming at step {run.step}")
    train(run, options.run, compiled=not options.eager)

    run.model.config.use_cache = True
    with torch.no_grad():
        for name, parameter in run.model.float().named_parameters():
            parameter.copy_(run.masters[name])
    run.model.to(dtype=torch.bfloat16)  # pyright: ignore[reportCallIssue]
    run.model.save_pretrained(options.run / "model")
    (options.run / "model" / "training.json").write_text(
        json.dumps({"steps": run.step, "tokens": run.step * options.batch * options.length}, indent=1)
    )


if __name__ == "__main__":
    main()
