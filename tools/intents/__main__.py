"""`python -m tools.intents words|train|evaluate [--data DIR]`: what the spoken commands ship.

words     the lists of ordinary words beside the tables of commands
train     the model of intents, models/intents; prints figures on templates that a first fit never saw
evaluate  how instructions written by hand are understood, and how much text is taken for instructions
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from killah.audio.commands.tables import LANGUAGES, Language
from killah.paths import shipped
from tools.evaluate.report import as_json, as_text, progress
from tools.intents import evaluate, train, words


def main(arguments: list[str]) -> int:
    """Make or measure; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.intents",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=("words", "train", "evaluate"))
    parser.add_argument("--data", type=Path, default=Path(".data"), help="folder with text-en and text-ru")
    parser.add_argument("--language", choices=LANGUAGES, action="append", help="only this one")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    languages: list[Language] = options.language or list(LANGUAGES)
    if options.what == "words":
        for language in languages:
            _write_words(options.data, language)
        return 0
    work = _train if options.what == "train" else evaluate.figures
    result = {language: work(options.data, language) for language in languages}
    print(json.dumps(as_json(result), ensure_ascii=False, indent=2) if options.json else as_text(result))
    return 0


def _write_words(data: Path, language: Language) -> None:
    file = words.file(language)
    found = words.ordinary(data, language)
    file.write_text("\n".join(found) + "\n", "utf-8")
    print(f"{file}: {len(found):,} words")


def _train(data: Path, language: Language) -> dict[str, Any]:
    progress(f"{language}: reading")
    known = train.gather(data, language, held_out=False)
    unseen = train.gather(data, language, held_out=True)
    progress(f"{language}: a fit without every fifth template")
    first = train.fit(known.chosen(~known.held_out))
    shares = evaluate.by_kind(first, unseen.chosen(unseen.held_out | (unseen.asked == "")))
    progress(f"{language}: the fit that ships")
    _save(language, *train.fit(known))
    return shares


def _save(language: Language, names: list[str], weights: np.ndarray) -> None:
    path = shipped("models") / "intents" / "model.safetensors"
    path.parent.mkdir(exist_ok=True)
    tensors = load_file(path) if path.exists() else {}
    tensors[language] = weights.astype(np.float16)
    save_file(tensors, path, {"names": json.dumps(names)})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
