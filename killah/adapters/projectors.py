"""Installed projectors of one vector to one soft token."""

from mlx.utils import tree_unflatten

from killah.adapters import catalog, package
from killah.gemma.base import Base
from killah.gemma.projector import Projector


def load(name: str, base: Base) -> Projector:
    """A projector by its name. Raises `KillahError` where there is none for this base."""
    adapter = package.read(catalog.find(name, base.manifest.name), base.manifest)
    assert adapter.card.input_width is not None
    projector = Projector(adapter.card.input_width, base.model.config.hidden_size)
    projector.update(tree_unflatten(list(adapter.tensors.items())))
    projector.eval()
    return projector
