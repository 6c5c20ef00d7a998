"""Which adapters do which task: a table that users may change and extend, as plain data."""

import tomllib
from pathlib import Path
from typing import Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from killah import paths
from killah.errors import KillahError

STANDING = ("persona", "audio")  # members of every interactive composition
NAME = "compositions.toml"


class Composition(BaseModel):
    """One task's parts. `compositions.toml` says what the fields mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = ""
    interactive: bool = False
    projectors: tuple[Literal["persona", "audio"], ...] = ()
    loras: dict[str, float] = {}
    needs: str = ""
    merge: Literal["sum", "pico", "cat"] = "sum"
    mix: str = ""

    @model_validator(mode="after")
    def _agree(self) -> "Composition":
        if self.merge == "cat" and not self.mix:
            raise ValueError("merge cat needs mix, the name of a learned mixture")
        return self

    @property
    def members(self) -> dict[str, float]:
        """Every LoRA with its weight, the standing ones first."""
        standing = dict.fromkeys(STANDING, 1.0) if self.interactive else {}
        return standing | self.loras


def load() -> dict[str, Composition]:
    """Every composition by task: Killah's, changed and extended by the user's. Raises `KillahError`."""
    table = _read(Path(__file__).with_name(NAME))
    for task, changes in _own().items():
        table[task] = table.get(task, {}) | changes
    return {task: _checked(task, values) for task, values in table.items()}


def get(task: str) -> Composition:
    """The composition of a task. Raises `KillahError` that lists what there is."""
    table = load()
    if task not in table:
        raise KillahError(f"There is no composition {task!r}.", f"Known: {', '.join(table)}.")
    return table[task]


def change(task: str, changes: dict[str, Any]) -> Composition:
    """Change or add a task in the user's own table; with no changes, forget what was changed."""
    own = _own()
    if changes:
        shipped = _read(Path(__file__).with_name(NAME)).get(task, {})
        own[task] = own.get(task, {}) | changes
        _checked(task, shipped | own[task])
    else:
        own.pop(task, None)
    paths.write_private(own_file(), tomli_w.dumps(own))
    return get(task)


def own_file() -> Path:
    """The user's own table."""
    return paths.config_file().with_name(NAME)


def _own() -> dict[str, dict[str, Any]]:
    return _read(own_file()) if own_file().exists() else {}


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise KillahError(f"Cannot read {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KillahError(f"{path} is not valid TOML: {error}.", "Mend or delete it.") from error
    if wrong := next((task for task, values in table.items() if not isinstance(values, dict)), None):
        raise KillahError(
            f"{path}: {wrong} is not a table of settings.", f"Write [{wrong}] above its settings."
        )
    return table


def _checked(task: str, values: dict[str, Any]) -> Composition:
    try:
        return Composition.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([task, *map(str, first["loc"])])
        reason = first["msg"].removeprefix("Value error, ")
        raise KillahError(f"Composition {where}: {reason}.", f"Mend it in {own_file()}.") from error
