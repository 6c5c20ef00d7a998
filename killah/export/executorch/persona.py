"""A persona as the projector reads it when nothing is known of the text to come: every passage alike."""

import numpy as np

from killah.errors import KillahError
from killah.persona import blends
from killah.persona.attention import persona_vector
from killah.persona.retrieval import Retriever


def vector(persona: str, embedder: str, width: int) -> np.ndarray:
    """`saki` or a blend (`saki=0.7,wells=0.3`) as one vector (width,).

    Raises `KillahError` where there is no such persona, no text of it, or one indexed for another projector.
    """
    parts = blends.parse(persona)
    found = [_one(name, embedder, width) for name in parts]
    return np.average(found, axis=0, weights=list(parts.values())).astype(np.float32)


def _one(name: str, embedder: str, width: int) -> np.ndarray:
    retriever = Retriever.open(name, embedder)
    if not len(retriever):
        raise KillahError(f"The persona {name!r} has no text yet.", "Give it some: killah index PATH")
    found = retriever.vector
    if len(found) != width:
        found = persona_vector(None, retriever.vectors, retriever.styles)
    if len(found) != width:
        raise KillahError(
            f"The persona {name!r} has {len(found)} numbers, the persona projector reads {width}.",
            "Index it again with the embedder that the projector was trained with.",
        )
    return found
