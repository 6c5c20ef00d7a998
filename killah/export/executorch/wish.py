"""What a bundle is made of, and what kind of bundle is wanted."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from killah.adapters.package import Adapter
from killah.audio.encoders.wav2vec2 import Wav2Vec2
from killah.errors import KillahError
from killah.export.composed import Composed
from killah.export.executorch.manifest import Attention, Backend, Quantisation
from killah.gemma.gemma3 import Config

SLOTTED = ("xnnpack", "portable")  # backends whose programs take adapters from data files
ROUNDING = ("xnnpack", "mlx")  # backends that compute with integers

LEAST = 8  # tokens of text that a context must hold


@dataclass(frozen=True)
class Wish:
    """What kind of bundle, and where. `rank` columns of the slot for LoRAs on `layers`; `merge` has none."""

    target: Path
    backend: Backend = "xnnpack"
    quantisation: Quantisation = "none"
    attention: Attention = "fused"
    context: int = 2048
    chunk: int = 256
    rank: int = 0
    layers: tuple[str, ...] = ()
    merge: bool = False
    force: bool = False

    @property
    def merges(self) -> bool:
        """Whether LoRAs become part of the weights."""
        return self.merge or self.backend not in SLOTTED


@dataclass(frozen=True)
class Parts:
    """Base, LoRAs and projectors; `persona` with its vector (width,) where one was named.

    `mix` names the learned mixture of a `cat` merge; `absent` says why methods are missing.
    """

    composed: Composed
    persona_projector: Adapter | None = None
    audio_projector: Adapter | None = None
    ear: Wav2Vec2 | None = None
    persona: str = ""
    vector: np.ndarray | None = None
    mix: str = ""
    absent: tuple[tuple[str, str], ...] = ()


def allowed(wish: Wish, parts: Parts) -> Wish:
    """The wish within what base and backend allow. Raises `KillahError`."""
    if wish.quantisation != "none" and wish.backend not in ROUNDING:
        raise KillahError(f"A {wish.backend} bundle has no integers.", "Give --quantize none.")
    context = min(wish.context, Config.of(parts.composed.folder).max_position_embeddings)
    projector = parts.persona_projector if parts.vector is not None else None
    soft = (projector.card.soft_tokens or 0) if projector else 0
    if context < LEAST + soft:
        behind = f" behind the persona's {soft}" if soft else ""
        raise KillahError(f"A context of {context} tokens holds no text{behind}.", "Give --context 512.")
    chunk = 1 if wish.backend == "coreml" else min(wish.chunk, context - 1)
    attention = wish.attention if wish.backend == "xnnpack" else "plain"
    return replace(wish, context=context, chunk=chunk, attention=attention)
