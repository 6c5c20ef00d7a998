"""What a training run is told: a YAML file in the form mlx-lm users know, plus what is ours.

mlx-lm's keys mean what they mean there; those that concern its own program only are accepted and have no
effect. Ours are `name`, `role`, the loop's guards, and the card's prose.
"""

import math
import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from killah.errors import KillahError

TARGETS = ["self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj"]
# Of mlx-lm's program; nothing here depends on them.
IGNORED = frozenset(
    "train test test_batches fine_tune_type steps_per_report resume_adapter_file report_to project_name "
    "wandb clear_cache_threshold config optimizer optimizer_config trust_remote_code".split()
)
_EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Lora(_Part):
    """`lora_parameters`: the shape of an adapter. `scale` is mlx-lm's; without it, alpha decides."""

    rank: int = Field(default=64, ge=1)
    """Columns of A and rows of B."""
    alpha: float = Field(default=128.0, gt=0)
    """Scale times the rank; with `rslora`, times its square root."""
    scale: float | None = Field(default=None, gt=0)
    """What the low-rank product is multiplied by; alpha / rank if left out."""
    dropout: float = Field(default=0.05, ge=0, lt=1)
    """Share of the adapter's inputs that are left out of a step."""
    rslora: bool = False
    """Rank-stabilised scaling, alpha / sqrt(rank) (Kalajdzievski 2023, arXiv 2312.03732): take alpha 16."""
    keys: list[str] = TARGETS
    """Linear layers that get an adapter."""

    @property
    def multiplier(self) -> float:
        """What multiplies x @ a @ b."""
        if self.scale is not None:
            return self.scale
        return self.alpha / (math.sqrt(self.rank) if self.rslora else self.rank)


class Intruders(_Part):
    """The watch on intruder dimensions (Shuttleworth et al. 2024, arXiv 2410.21228)."""

    threshold: float = Field(default=0.6, ge=0, le=1)
    """A singular vector less similar than this to every one of the base's is an intruder."""
    top: int = Field(default=10, ge=1)
    """Leading singular vectors that are looked at."""
    share: float = Field(default=0.5, ge=0, le=1)
    """A is frozen when more than this share of them are intruders, over all watched layers."""
    watched: int = Field(default=6, ge=0)
    """Linear layers watched, spread over all that are adapted; 0 for none."""


class Config(_Part):
    """One run. Paths are relative to the working folder."""

    model: str = "pushkin-nano"
    """Base model: a name or a folder."""
    data: Path
    """Folder with train.jsonl and valid.jsonl."""
    adapter_path: Path = Path("adapters")
    """Folder of the run: checkpoints, log, curve."""
    name: str = "adapter"
    """Name of the result."""
    role: str = "task"
    """What it is for: persona, autocomplete, rephrase, ..."""
    install: bool = True
    """Put the result among your adapters when the run has ended."""
    seed: int = Field(default=0, ge=0)
    num_layers: int = -1
    """Train the last so many layers only; -1 for all."""
    lora_parameters: Lora = Lora()
    mask_prompt: bool = True
    """Loss on completions only."""
    max_seq_length: int = Field(default=2048, ge=8)
    """Tokens of a row; what is longer loses the beginning of its prompt."""
    batch_size: int = Field(default=4, ge=1)
    """Rows a step, on each machine."""
    grad_accumulation_steps: int = Field(default=1, ge=1)
    """Passes that make one step."""
    grad_checkpoint: bool = False
    """Compute activations twice rather than keep them."""
    iters: int = Field(default=1000, ge=1)
    """Steps."""
    learning_rate: float = Field(default=1e-4, gt=0)
    """At the end of the warm-up; falls as a cosine to a tenth."""
    warmup: float = Field(default=0.05, ge=0, lt=1)
    """Share of the steps in which it rises."""
    weight_decay: float = Field(default=0.01, ge=0)
    clip: float = Field(default=1.0, gt=0)
    """Largest norm of a step's gradient."""
    steps_per_eval: int = Field(default=100, ge=1)
    """Steps between two looks at the validation rows."""
    val_batches: int = Field(default=25, ge=-1)
    """Batches of a look; -1 for all."""
    patience: int = Field(default=5, ge=1)
    """Looks without a better loss before the run is ended."""
    save_every: int = Field(default=100, ge=1)
    """Steps between two checkpoints."""
    intruders: Intruders = Intruders()
    soft_tokens: int = Field(default=4, ge=1)
    """Soft tokens of a persona, or of each control code."""
    soft_scale: float = Field(default=1.0, gt=0)
    """Size of a soft token, in sizes of the base's own embeddings."""
    projector: str = ""
    """Stage lora: the installed persona projector whose soft tokens stand before rows with a persona."""
    stack: int = Field(default=3, ge=1, le=16)
    """Frames of a speech encoder that make one soft token."""
    audio_lora: str = ""
    """Stage audio-projector: the name of an adapter that learns to read the soft tokens along with it."""
    go_on: bool = False
    """Stage audio-projector: begin with what is installed under these names, not anew."""
    audio_projector: str = ""
    """Stage audio-lora: the installed projector whose soft tokens stand before rows with a recording."""
    input_space: str = "all-MiniLM-L6-v2 + style-1"
    """Where a projector's vectors come from."""
    members: list[str] = []
    """Adapters whose mixture is learned (stage compose)."""
    hang_seconds: float = Field(default=300, gt=0)
    """With several processes: a step that takes longer is taken for hung, and the run starts again."""
    dtype: Literal["float16", "bfloat16", "float32"] = "float16"
    """Numbers of the result."""
    styles: list[str] = []
    """What --style may name."""
    prompts: dict[str, str] = {}
    """Stage codes: control codes, without brackets, and the words each of them begins as."""
    about: str = ""
    """What it was trained on, for the card."""
    licence: str = "unknown"

    @model_validator(mode="before")
    @classmethod
    def _from_mlx_lm(cls, values: dict[str, Any]) -> dict[str, Any]:
        values = dict(values)
        kind = values.get("fine_tune_type", "lora")
        if kind != "lora":
            raise ValueError(f"fine_tune_type {kind} is not supported, only lora")
        schedule = values.pop("lr_schedule", None)
        if schedule and isinstance(schedule, dict):
            if schedule.get("name") != "cosine_decay":
                raise ValueError(f"lr_schedule {schedule.get('name')} is not supported, only cosine_decay")
            try:
                values["learning_rate"] = schedule["arguments"][0]
                steps = int(values.get("iters", cls.model_fields["iters"].default))
                values["warmup"] = min(0.99, schedule.get("warmup", 0) / steps)
            except (KeyError, IndexError, TypeError, ZeroDivisionError) as error:
                raise ValueError(
                    "lr_schedule needs arguments [learning_rate, ...] and warmup steps"
                ) from error
        return {key: value for key, value in values.items() if key not in IGNORED}

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if "/" in self.name or self.name.startswith("."):
            raise ValueError(f"{self.name!r} cannot be an adapter's name")
        if self.val_batches == 0:
            raise ValueError("val_batches is 0, but a run needs validation")
        self.data, self.adapter_path = self.data.expanduser(), self.adapter_path.expanduser()
        return self


def read(path: Path, overrides: Sequence[str] = ()) -> Config:
    """A configuration file with `key=value` overrides (dots reach into parts). Raises `KillahError`."""
    try:
        values = yaml.safe_load(path.read_text("utf-8")) or {}
    except OSError as error:
        raise KillahError(
            f"Cannot read {path}: {error.strerror}.", "Give a YAML file with --config."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise KillahError(f"{path} is not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(values, dict):
        raise KillahError(f"{path} is not a list of `key: value` lines.")
    for override in overrides:
        _set(values, override)
    return check(values, path)


def check(values: dict[str, Any], source: Path) -> Config:
    """Values as a configuration. Raises `KillahError` that names the first wrong key."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        unknown = first["type"] == "extra_forbidden"
        reason = "there is no such key" if unknown else first["msg"].removeprefix("Value error, ")
        hint = _known(first["loc"]) if unknown else "Mend it there, or give another value with --set."
        raise KillahError(f"{source}: {where + ': ' if where else ''}{reason}.", hint) from error


def _known(place: Sequence[str | int]) -> str:
    """The key that was meant, or all there are where the one at `place` was looked for."""
    part: type[BaseModel] = Config
    for key in place[:-1]:
        part = type(part.model_fields[str(key)].get_default(call_default_factory=True))
    meant = get_close_matches(str(place[-1]), part.model_fields, n=1)
    return f"Did you mean {meant[0]}?" if meant else f"Known: {', '.join(part.model_fields)}."


def _set(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise KillahError(f"--set {override!r} is not KEY=VALUE.", "Example: --set batch_size=2")
    *parts, last = key.split(".")
    for part in parts:
        values = values.setdefault(part, {})
        if not isinstance(values, dict):
            raise KillahError(f"--set {override!r}: {part} has no parts.")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise KillahError(f"--set {override!r} is not YAML.", "Example: --set batch_size=2") from error
    if isinstance(value, str) and _EXPONENT.fullmatch(value):  # YAML reads 1e-4 as a word
        value = float(value)
    values[last] = value
    schedule = values.get("lr_schedule")
    if override.startswith("learning_rate=") and isinstance(schedule, dict):
        schedule["arguments"] = [value]  # else the file's schedule would hide it
