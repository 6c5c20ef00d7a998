"""What an index run would read, to be put before the owner once for every file or folder named; and a pause.

The answer is kept in the persona's store: a root that was agreed to, and all below it, is not asked about
again until it is forgotten, or a pattern that left something out of it is not given any more.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from killah.persona import personas
from killah.persona.scanning import Found, is_under


@dataclass(frozen=True)
class Plan:
    """What would be read under `roots`, that were not agreed to in this way, and how much is left out."""

    roots: list[str]
    formats: dict[str, int]  # documents, by format
    folders: int
    bytes: int
    hidden: int
    ignored: int
    other: int  # files nothing reads
    skipped: int

    @property
    def documents(self) -> int:
        """How many documents there are."""
        return sum(self.formats.values())


def plan(persona: str, found: Found) -> Plan | None:
    """What a scan found under roots that are new to a persona; None where all of them were agreed to."""
    agreed = [root for root, patterns in _agreed(persona).items() if patterns <= set(found.exclude)]
    roots = [root for root in found.roots if not is_under(root, agreed)]
    files = [file for path, file in found.files.items() if is_under(path, roots)]
    if not files:
        return None
    return Plan(
        roots=roots,
        formats=dict(sorted(Counter(file.format for file in files).items())),
        folders=len({Path(file.path).parent for file in files}),
        bytes=sum(file.size for file in files),
        hidden=found.hidden,
        ignored=found.ignored,
        other=sum(found.other.values()),
        skipped=len(found.skipped),
    )


def set_paused(persona: str, paused: bool) -> None:
    """Stop, or go on, reading for a persona and writing like it. Raises `KillahError` where there is none."""
    from killah.persona.store import Store

    with Store.create(personas.existing(persona)) as store:
        store.set_setting("paused", "1" if paused else None)


def _agreed(persona: str) -> dict[str, frozenset[str]]:
    from killah.persona.store import Store  # numpy: not needed for a persona that is new

    path = personas.path_of(persona)
    personas.refuse_blend(persona)
    if not path.is_file():
        return {}
    with Store.create(path) as store:
        return store.agreed()
