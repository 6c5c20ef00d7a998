"""Adapters that are a persona's own: `persona-NAME`, by what they are for."""

from pathlib import Path

from killah import paths
from killah.adapters import catalog

PREFIX = "persona-"
ROLE = "persona"


def name_of(persona: str) -> str:
    """The adapter of a persona. Raises `KillahError` for a name that no adapter can have."""
    return catalog.check_name(PREFIX + persona)


def trained() -> dict[str, list[str]]:
    """Personas that have an adapter of their own, each with the bases it is for."""
    found: dict[str, list[str]] = {}
    for each in catalog.installed():
        own = each.card is not None and each.card.kind == "lora" and each.card.role == ROLE
        if own and not each.shipped and each.name.startswith(PREFIX):
            found.setdefault(each.name.removeprefix(PREFIX), []).append(each.base)
    return found


def forget(persona: str) -> list[str]:
    """Delete a persona's adapters and what an unfinished training left; the bases they were for."""
    bases = trained().get(persona, [])
    for base in bases:
        catalog.remove(name_of(persona), base)
    forget_training(persona)
    return bases


def forget_training(persona: str) -> None:
    """Delete what an unfinished training left: the persona's text among it."""
    if (folder := training_folder(persona)).is_dir():
        paths.remove(folder)


def training_folder(persona: str) -> Path:
    """Where a persona's adapter is trained: the log of the last run, and the text of an unfinished one."""
    return paths.data_dir() / "training" / f"{PREFIX}{persona}"
