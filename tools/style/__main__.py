"""`python -m tools.style [--data DIR]`: measure the reference population and write it into the package."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from killah.errors import KillahError
from killah.persona import likeness, russian, style
from tools.style import frequencies, population, reference, separation


def main(arguments: list[str]) -> int:
    """Measure and write; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.style", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".data"), help="folder with text-en and text-ru")
    parser.add_argument("--out", type=Path, default=style.REFERENCE.parent, help="folder to write into")
    options = parser.parse_args(arguments)
    try:
        write(options.data, options.out)
    except (KillahError, OSError) as error:
        print(f"style: {error}", file=sys.stderr)
        return 1
    return 0


def write(data: Path, out: Path) -> None:
    """Make the files of the package in `out`."""
    described: dict[str, Any] = {"version": style.VERSION, "features": list(style.PLACES)}
    spaces: dict[str, np.ndarray] = {}
    for language in style.LANGUAGES:
        passages = reference.read(data, language)
        rates = reference.measure(passages)
        described[language] = reference.describe(passages, rates)
        scale = np.array([described[language][key] for key in ("mean", "deviation")], float)
        styles = [np.arcsinh(style.scaled(each, *scale)) for each in rates.values()]
        spaces |= {f"{language}_{name}": each for name, each in separation.fit(styles).items()}
    compact = json.dumps(described, ensure_ascii=False, separators=(",", ":"))
    (out / style.REFERENCE.name).write_text(compact + "\n", "utf-8")
    np.savez_compressed(out / likeness.MODEL.name, allow_pickle=False, **spaces)
    words = frequencies.ranked(text for _, text in population.texts(data, "ru"))
    (out / russian.RANKED.name).write_text("\n".join(words) + "\n", "utf-8")
    for name in (style.REFERENCE.name, likeness.MODEL.name, russian.RANKED.name):
        print(f"{out / name}: {(out / name).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
