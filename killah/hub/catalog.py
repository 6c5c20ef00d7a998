"""Models that `killah models pull NAME` fetches: bases and speech encoders."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from killah.errors import KillahError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Entry(BaseModel):
    """A model on the hub. `download` is in bytes; `gated` means its licence must be accepted there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repository: str
    kind: Literal["base", "encoder"]
    about: str
    licence: str
    gated: bool
    download: int


@cache
def known() -> dict[str, Entry]:
    """Pullable models by name."""
    raw = tomllib.loads(Path(__file__).with_name("catalog.toml").read_text("utf-8"))
    return {name: Entry.model_validate(entry) for name, entry in raw.items()}


def entry(name: str) -> Entry:
    """The pullable model of that name. Raises `KillahError`."""
    if name not in known():
        raise KillahError(
            f"Killah does not know where to pull {name!r} from.", f"Known: {', '.join(known())}."
        )
    return known()[name]


def check_name(name: str) -> str:
    """`name` if it can name a folder of models. Raises `KillahError`."""
    if not NAME.fullmatch(name):
        raise KillahError(f"{name!r} cannot be a model's name.", "Use letters, digits, dots and hyphens.")
    return name
