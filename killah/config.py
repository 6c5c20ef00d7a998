"""Settings: one pydantic model, one TOML file. A field's description is its documentation."""

import tomllib
from pathlib import Path
from typing import Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from killah import paths
from killah.errors import KillahError


class Settings(BaseModel):
    """What a user may set, with `killah config set KEY VALUE` or in the file."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, use_attribute_docstrings=True)

    model: str = "pushkin-nano"
    """Base model: a name from `killah models list`, or a folder."""
    context: int = Field(default=2048, ge=256, le=131_072)
    """Text the model reads at a time, in tokens; its keys and values take memory (4B: 136 kB a token)."""
    persona: str = "default"
    """Persona that conditions suggestions and continuations."""
    embedder: str = "all-MiniLM-L6-v2"
    """sentence-transformers model of the index: a name or a folder."""
    min_p: float | None = Field(default=None, ge=0, le=1)
    """Continuations keep tokens at least this share of the likeliest one; none: by task and persona."""
    temperature: float = Field(default=0.9, ge=0, le=5)
    """Randomness of continuations; 0 always takes the likeliest token."""
    max_tokens: int = Field(default=120, ge=1, le=4096)
    """Longest continuation, in tokens."""
    ghost: bool = True
    """Show ghost text while typing."""
    ghost_words: int = Field(default=6, ge=1, le=40)
    """Longest ghost text, in words."""
    ghost_precision: float = Field(default=0.5, ge=0, le=1)
    """Ghost text is shown when it is at least this likely to be right."""
    debounce_ms: int = Field(default=30, ge=0, le=2000)
    """Pause after a key before ghost text is asked for, in milliseconds."""
    journal_suggestions: bool = True
    """Note in a private file which ghost text was shown and taken, for `killah persona train --journal`."""
    adaptive_min_p: bool = False
    """Raise min_p where the model is sure, lower it where it hesitates: up to twice, down to half."""
    passages: int | None = Field(default=None, ge=0, le=20)
    """Passages of your own writing that are put before the text; none: as the persona's check chose."""
    encoder: str = "ear-nano"
    """Speech encoder: a name from `killah models list`, or a folder."""
    hearing: Literal["best", "ctc", "reread", "projector", "joint"] = "best"
    """How speech is heard: by letters (ctc), by the base with its audio projector, or as measured best."""
    microphone: str | None = None
    """Microphone: a part of its name; none: the system's default."""
    autosave_seconds: int = Field(default=5, ge=1, le=3600)
    """The editor forces its recovery journal onto the disk this often: what a power cut can lose."""
    theme: Literal["dark", "light"] = "dark"
    """Colours of the editor."""


def load() -> Settings:
    """Settings from the file; defaults where there is none. Raises `KillahError` on a bad file."""
    try:
        return Settings(**_written())
    except ValidationError as error:
        path, key = paths.config_file(), error.errors()[0]["loc"][0]
        mend = (
            f"Mend it: killah config set {key} VALUE"
            if key in Settings.model_fields
            else "Mend or delete it."
        )
        raise KillahError(f"{path}: {_first(error)}.", mend) from error


def _written() -> dict[str, Any]:
    """What stands in the file, right or wrong. Raises `KillahError` where it cannot be read."""
    path = paths.config_file()
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise KillahError(f"Cannot read {path}: {error.strerror}.", "Check KILLAH_HOME.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KillahError(f"{path} is not valid TOML: {error}.", "Mend or delete it.") from error


def save(settings: Settings) -> Path:
    """Write what differs from the defaults; returns the path."""
    path = paths.config_file()
    paths.write_private(path, tomli_w.dumps(settings.model_dump(exclude_defaults=True)))
    return path


def set_value(key: str, value: str) -> Settings:
    """Set one key from its text form and save. Raises `KillahError` for an unknown key or a bad value."""
    if key not in Settings.model_fields:
        raise KillahError(f"There is no setting {key!r}.", f"Known: {', '.join(Settings.model_fields)}.")
    try:
        settings = Settings.model_validate(_written() | {key: _parse(key, value)})
    except ValidationError as error:
        raise KillahError(f"{_first(error)}.") from error
    save(settings)
    return settings


def _parse(key: str, value: str) -> Any:
    if Settings.model_fields[key].default is None and value.lower() == "none":
        return None
    return {"true": True, "on": True, "false": False, "off": False}.get(value.lower(), value)


def _first(error: ValidationError) -> str:
    problem = error.errors()[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
