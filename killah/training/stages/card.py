"""What every stage's package says about where it comes from."""

from typing import Any

from killah import __version__
from killah.adapters.card import AdapterCard, Kind
from killah.gemma.base import Base
from killah.training.config import Config, Lora


def card(base: Base, config: Config, kind: Kind, metrics: dict[str, Any], **parts: Any) -> AdapterCard:
    """A card with a run's name, data, licence and figures; `parts` are what the kind needs besides."""
    return AdapterCard(
        name=config.name,
        kind=kind,
        role=config.role,
        base=base.manifest.name,
        base_fingerprint=base.manifest.fingerprint,
        data=" ".join(config.about.split()),
        licence=config.licence,
        metrics=metrics,
        created_by=f"killah {__version__}",
        **parts,
    )


def lora_parts(settings: Lora) -> dict[str, Any]:
    """What the card of a LoRA needs besides."""
    return {
        "rank": settings.rank,
        "alpha": settings.multiplier * (settings.rank**0.5 if settings.rslora else settings.rank),
        "scale": settings.multiplier,
        "rslora": settings.rslora,
        "target_modules": [key.rpartition(".")[2] for key in settings.keys],
    }
