"""What the engine's tests share: personas made without an embedding model, and the shipped base alone."""

from hashlib import blake2b

import numpy as np
import pytest

from killah import paths
from killah.persona import personas
from killah.persona.copies import Part
from killah.persona.store import Entry, Holding, Made, Store, digest

EMBEDDER, WIDTH = "all-MiniLM-L6-v2", 8


def vector(text: str) -> np.ndarray:
    """A unit vector (8,) that depends on the text alone."""
    seed = int.from_bytes(blake2b(text.encode(), digest_size=4).digest())
    row = np.random.default_rng(seed).normal(size=WIDTH)
    return (row / np.linalg.norm(row)).astype(np.float32)


@pytest.fixture
def persona(home):
    """`persona("saki", [["a passage", ...], ...], paused="1")` indexes documents, and keeps settings."""

    def make(name: str, documents: list[list[str]], **settings: str) -> None:
        texts = [text for document in documents for text in document]
        with Store.create(personas.path_of(name)) as store:
            vectors = np.stack([vector(text) for text in texts]) if texts else np.zeros((0, WIDTH))
            store.add(list(map(Part, texts)), vectors, vectors[:, :3], Made(EMBEDDER, "style-0"))
            entry = [Entry(f"/{i}.txt", "txt", 1, 1, str(i), 9, None) for i in range(len(documents))]
            store.enter([Holding(e, list(map(digest, d))) for e, d in zip(entry, documents, strict=True)])
            for key, value in settings.items():
                store.set_setting(key, value)

    return make


@pytest.fixture
def embedded(monkeypatch):
    """Texts that were embedded; the embedding model is `vector`."""
    asked: list[str] = []

    def encode(_, texts) -> np.ndarray:
        asked.extend(texts)
        return np.stack([vector(text) for text in texts])

    monkeypatch.setattr("killah.persona.embedding.Embedder.encode", encode)
    return asked


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """No shipped adapters: only what a test installs."""
    real = paths.shipped
    monkeypatch.setattr(paths, "shipped", lambda kind: tmp_path if kind == "adapters" else real(kind))
