"""`python -m tools.adapters prepare|train|ship NAME`: the data of a shipped adapter, and the adapter.

`prepare` writes `TO/NAME/{train,valid,test}.jsonl`, the same each time for the same seed; `train` prepares
what is not there yet and runs the trainer with the recipe of that name, from where it was left; `ship` puts
the result into adapters/, beside the models. NAME `all` is every one, in order.
"""

import argparse
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from killah.errors import KillahError

from .splits import Split, write

RECIPES = Path(__file__).parent / "recipes"

# What is learned: the module and the function that makes its rows. In the order of training.
BUILDERS = {
    "continue": "prose:continuation",
    "autocomplete": "prose:autocomplete",
    "rephrase": "rewriting:rephrase",
    "story": "stories:story",
    "summarise": "summaries:summarise",
    "dictation": "dictation:dictation",
    "persona": "personal:persona",
    "compose": "personal:compose",
    "persona-projector": "vectors:projector",
    "codes": "coded:codes",
}
STAGES = {name: name for name in ("compose", "persona-projector", "codes")}  # of the others: lora


def prepare(name: str, data: Path, to: Path, seed: int) -> Path:
    """Write the rows of one adapter; return their folder."""
    began = time.monotonic()
    module, function = BUILDERS[name].split(":")
    build: Callable[[Path, int], Split] = getattr(import_module(f".{module}", __package__), function)
    split = build(data, seed)
    write(to / name, split)
    counts = ", ".join(f"{len(rows)} {part}" for part, rows in split.files().items())
    print(f"{name}: {counts} rows in {to / name} ({time.monotonic() - began:.0f} s)")
    return to / name


def train(name: str, data: Path, to: Path, seed: int, overrides: list[str]) -> None:
    """Train one adapter by its recipe, from where it was left if it was."""
    from killah.training.runs import run

    folder = to / name
    if not (folder / "train.jsonl").exists():
        prepare(name, data, to, seed)
    run(STAGES.get(name, "lora"), RECIPES / f"{name}.yaml", [f"data={folder}", *overrides])


def ship(name: str) -> None:
    """Put the trained package where it travels with Killah, after every check."""
    from killah import paths
    from killah.adapters import package
    from killah.training import config

    settings = config.read(RECIPES / f"{name}.yaml")
    result = package.read(settings.adapter_path / "adapter")
    folder = paths.shipped("adapters") / result.card.base / result.card.name
    package.write(folder, result.card, result.tensors, force=True)
    print(f"{name}: {folder}")


def main() -> None:
    """Parse, and do it for one name or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("action", choices=["prepare", "train", "ship"])
    parser.add_argument("name", choices=[*BUILDERS, "all"])
    parser.add_argument("--data", type=Path, default=Path(".data"), help="folder of the unpacked archives")
    parser.add_argument("--to", type=Path, default=Path(".data/adapters"), help="folder of the rows")
    parser.add_argument("--seed", type=int, default=1, help="of the rows' choice and order")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="over the recipe")
    options = parser.parse_args()
    try:
        for name in BUILDERS if options.name == "all" else [options.name]:
            if options.action == "prepare":
                prepare(name, options.data, options.to, options.seed)
            elif options.action == "ship":
                ship(name)
            else:
                train(name, options.data, options.to, options.seed, options.set)
    except KillahError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
