"""Consent taken back: documents under some paths leave every persona, and their bytes leave the files."""

import os
from collections.abc import Iterable
from pathlib import Path

from killah.persona import personas
from killah.persona.indexing import keep_min_p
from killah.persona.scanning import is_under
from killah.persona.store import Store


def forget(roots: Iterable[str | Path], persona: str | None = None) -> dict[str, int]:
    """Remove all documents at or under `roots`, which need not exist any more, and the consent to read them.

    From one persona, or from all: persona -> documents removed. Raises `KillahError` where a store is
    damaged or in use; what was removed from the others stays removed.
    """
    folders = [os.path.realpath(Path(root).expanduser()) for root in roots if str(root)]
    return {name: _forget(name, folders) for name in _names(persona)}


def forget_all(persona: str | None = None) -> dict[str, int]:
    """Remove all documents, what was measured of them and every consent, as `forget` does; names stay."""
    return {name: _forget_all(name) for name in _names(persona)}


def _names(persona: str | None) -> list[str]:
    return personas.names() if persona is None else [personas.existing(persona).stem]


def _forget(name: str, folders: list[str]) -> int:
    with personas.lock(name), Store.create(personas.path_of(name)) as store:
        removed = store.remove([path for path in store.entries() if is_under(path, folders)])
        store.disagree([root for root in store.roots() if is_under(root, folders)])
        if removed:
            keep_min_p(store)
            store.vacuum()
    return removed


def _forget_all(name: str) -> int:
    with personas.lock(name), Store.create(personas.path_of(name)) as store:
        removed = store.clear()
        store.vacuum()
    return removed
