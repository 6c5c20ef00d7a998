"""More compositions for a bundle that is there: each a small data file, nothing lowered again."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from killah import paths
from killah.adapters import package
from killah.errors import KillahError
from killah.export.composed import Composed
from killah.export.executorch import manifest
from killah.export.executorch.bundle import write_adapter
from killah.export.executorch.describing import entry, file_of


def add(folder: Path, made: Composed, mix: str = "", *, force: bool = False) -> manifest.Composed:
    """Write a composition's data file into the bundle and its manifest.

    Raises `KillahError` for a bundle with its LoRAs merged, another base, and LoRAs that do not fit the slot.
    """
    about = manifest.read_verified(folder)
    if about.slot is None:
        raise KillahError(
            f"{folder} has its LoRAs in its weights: no other fits in.", "Export it without --merge."
        )
    if made.about.fingerprint != about.base_fingerprint:
        raise KillahError(
            f"{folder} was made of other weights of {about.base} than the ones installed.",
            "Export the bundle again.",
        )
    for each in made.loras:
        package.check_bound(each.adapter.card, made.about)
    name = made.name or made.about.name
    if name in about.adapters and not force:
        raise KillahError(f"{folder} has {name} already.", "Give --force to replace it.")
    file = file_of(name)
    with _instead(folder / file) as (new, old):
        rank = write_adapter(new, about.slot, made)
        found = entry(made, file, rank, mix)
        cards = {card.name: card for card in (*about.cards, *(each.adapter.card for each in made.loras))}
        update = {"adapters": about.adapters | {name: found}, "cards": list(cards.values())}
        if (folder / file).exists():
            (folder / file).replace(old)
        new.replace(folder / file)
        manifest.write(folder, about.model_copy(update=update))
    return found


@contextlib.contextmanager
def _instead(path: Path) -> Iterator[tuple[Path, Path]]:
    """Places for what comes instead of `path` and for what was there: back again if anything goes wrong."""
    new, old = (path.with_name(f".{path.name}.{kind}") for kind in ("new", "old"))
    there = path.exists()
    try:
        yield new, old
    except BaseException as error:
        if old.exists():
            old.replace(path)
        elif not there:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise paths.cannot_write(path, error) from error
        raise
    finally:
        for each in (new, old):
            each.unlink(missing_ok=True)
