"""`adapter.json`: what an adapter is, what it was made from and which base it belongs to."""

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    PositiveInt,
    StringConstraints,
    model_validator,
)

FORMAT = 1
NAME = r"[^\W_][\w.-]*"  # of an adapter, also a folder's

Name = Annotated[str, StringConstraints(pattern=rf"^{NAME}$")]
Kind = Literal["lora", "projector", "mix", "codes"]


class AdapterCard(BaseModel):
    """The contents of `adapter.json`."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    format: int = FORMAT
    name: Name
    kind: Kind
    role: str
    """What it is for: persona, audio, autocomplete, continue, rephrase, summarise, story, dictation, ..."""
    base: str
    """Name of the base model it was trained on."""
    base_fingerprint: str
    """Fingerprint of that model's weights; the adapter works with no other."""
    rank: PositiveInt | None = None
    alpha: FiniteFloat | None = None
    scale: FiniteFloat | None = None
    """What multiplies x @ A @ B: alpha / rank, or alpha / sqrt(rank) when rank-stabilised."""
    rslora: bool = False
    target_modules: list[str] = Field(default_factory=list)
    """Last parts of the adapted modules' names: k_proj, v_proj, ..."""
    styles: list[str] = Field(default_factory=list)
    """What a style may be, where the adapter knows several."""
    codes: list[str] = Field(default_factory=list)
    """Control codes whose soft tokens it holds: letter, formal, ..."""
    soft_tokens: PositiveInt | None = None
    """How many vectors a projector, or a control code, puts before the text."""
    input_width: PositiveInt | None = None
    """Width of what a projector reads."""
    input_space: str = ""
    """Where a projector's input comes from, for example all-MiniLM-L6-v2."""
    members: list[Name] = Field(default_factory=list)
    """Adapters that a mix weighs, in order."""
    parameters: int = 0
    """Numbers in the weights; filled in when the package is written."""
    data: str
    """What it was trained on, in prose."""
    licence: str
    metrics: dict[str, float | int | str] = Field(default_factory=dict)
    created_by: str
    sha256: str = ""
    """SHA-256 of the weights in hexadecimal; filled in when the package is written."""

    @model_validator(mode="after")
    def _complete(self) -> "AdapterCard":
        needed = {
            "lora": ("rank", "scale", "target_modules"),
            "projector": ("soft_tokens", "input_width"),
            "mix": ("members",),
            "codes": ("codes", "soft_tokens"),
        }
        # `scale` may be zero, the others not.
        if missing := [key for key in needed[self.kind] if getattr(self, key) in (None, [])]:
            raise ValueError(f"a {self.kind} needs {missing[0]}")
        return self
