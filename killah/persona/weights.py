"""How much each way of being personal counts for a persona, as its own held-out text says.

`killah persona check` measures them and keeps them in the persona's file; before, there are careful defaults.
"""

from typing import Any, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from killah.errors import KillahError

KEY = "weights"


class Settings(Protocol):
    """Where a persona keeps text by key: its store."""

    def setting(self, key: str) -> str | None:
        """What is kept under `key`."""
        ...

    def set_setting(self, key: str, value: str) -> None:
        """Keep `value` under `key`."""
        ...


class Weights(BaseModel):
    """The ways of one persona. None leaves a way to what is set for everybody."""

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)

    passages: int | None = Field(default=None, ge=0, le=20)
    """Passages put before the text; None: as many as the setting `passages` says."""
    soft: float | None = Field(default=None, ge=0, le=1)
    """Soft tokens of the persona: on from one half; None: where the task's composition has them."""
    lora: float = Field(default=1.0, ge=0, le=4)
    """Weight of the persona's LoRA, times what the task's composition says."""
    ngram: float = Field(default=0.2, ge=0, le=1)
    """Most that the persona's n-gram model counts: where its context is worth all."""
    text: float = Field(default=0.2, ge=0, le=1)
    """Most that the text so far counts, searched for what it said after the same words."""
    measured: dict[str, Any] = {}
    """What `killah persona check` saw, empty before."""

    @classmethod
    def read(cls, store: Settings) -> Self:
        """The weights a store keeps; the defaults where there are none. Raises `KillahError`."""
        kept = store.setting(KEY)
        if kept is None:
            return cls()
        try:
            return cls.model_validate_json(kept)
        except ValidationError as error:
            raise KillahError(
                "The persona's weights are damaged.", "Measure them again: killah persona check"
            ) from error

    def on(self, model: str) -> "Weights":
        """These weights where `model` was measured with them, or nothing was; else the defaults."""
        return self if self.measured.get("model", model) == model else Weights()

    def keep(self, store: Settings) -> None:
        """Write the weights into a store."""
        store.set_setting(KEY, self.model_dump_json())
