"""Random adapters of the shipped form, where there are not enough shipped ones to measure with."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlx.core as mx

from killah.adapters import catalog, package, shapes
from killah.adapters.card import AdapterCard
from killah.adapters.package import Adapter
from killah.gemma import manifest

RANK = 32
SCALE = 2.0
TARGETS = ("k_proj", "v_proj", "o_proj", "gate_proj", "up_proj")


@contextmanager
def adapters(base: Path, count: int) -> Iterator[tuple[list[Adapter], str]]:
    """`count` adapters of a base and what they are: those installed if there are enough, else random ones."""
    about = manifest.read(base)
    installed = [each for each in catalog.installed(about.name) if each.card and each.card.kind == "lora"]
    if len(installed) >= count:
        yield [package.read(each.folder, about) for each in installed[:count]], "installed"
        return
    with tempfile.TemporaryDirectory() as temporary:
        folders = [Path(temporary) / f"noise-{number}" for number in range(count)]
        for number, folder in enumerate(folders):
            write(folder, base, number)
        yield [package.read(folder, about) for folder in folders], "random"


def write(folder: Path, base: Path, seed: int) -> AdapterCard:
    """A package of small random numbers, neither half zero, in the form of the shipped ones."""
    about = manifest.read(base)
    wanted = {n: s for n, s in shapes.linears(base).items() if n.rpartition(".")[2] in TARGETS}
    keys = iter(mx.random.split(mx.random.key(seed), 2 * len(wanted)))
    tensors: dict[str, mx.array] = {}
    for name, (width, out) in wanted.items():
        tensors[f"{name}.lora_a"] = mx.random.normal((width, RANK), key=next(keys)) * width**-0.5
        tensors[f"{name}.lora_b"] = mx.random.normal((RANK, out), key=next(keys)) * 0.02
    card = AdapterCard(
        name=folder.name,
        kind="lora",
        role=folder.name,
        base=about.name,
        base_fingerprint=about.fingerprint,
        rank=RANK,
        alpha=SCALE * RANK,
        scale=SCALE,
        target_modules=list(TARGETS),
        data="noise",
        licence="CC0-1.0",
        created_by="python -m tools.bench adapters",
    )
    return package.write(folder, card, {name: value.astype(mx.bfloat16) for name, value in tensors.items()})
