"""Projectors of packages, ready to compute."""

from mlx.utils import tree_unflatten

from killah.adapters import catalog, package
from killah.adapters.package import Adapter
from killah.gemma.base import Base
from killah.gemma.projector import Projector

SHARPNESS = "sharpness"  # of a persona projector: how its vectors are looked up, not how they are projected


def load(name: str, base: Base) -> Projector:
    """An installed projector by its name. Raises `KillahError` where there is none for this base."""
    return module(package.read(catalog.find(name, base.manifest.name), base.manifest))


def module(adapter: Adapter) -> Projector:
    """The projector of a package."""
    card, tensors = adapter.card, {k: v for k, v in adapter.tensors.items() if k != SHARPNESS}
    hidden = tensors["norm_out.weight"].shape[0]
    projector = Projector(card.input_width or 0, hidden, tokens=card.soft_tokens or 1)
    projector.update(tree_unflatten(list(tensors.items())))
    projector.eval()
    return projector
