"""Texts embedded once: what was embedded for one data set is found again for the next."""

from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from killah.persona.embedding import Embedder

NAME = "all-MiniLM-L6-v2"
KEPT = "embeddings.safetensors"
BATCH = 512  # texts between two savings


@dataclass
class Texts:
    """Texts to embed, each once, in the order they came."""

    number: dict[str, int] = field(default_factory=dict)

    def add(self, text: str) -> int:
        """Where `text` stands among them."""
        return self.number.setdefault(text, len(self.number))

    def embedded(self, folder: Path) -> np.ndarray:
        """Unit vectors (texts, width) float32; those known are read from `folder`, the others kept there."""
        path = folder / KEPT
        known = _read(path)
        keys = [blake2b(text.encode(), digest_size=16).digest() for text in self.number]
        missing = [(key, text) for key, text in zip(keys, self.number, strict=True) if key not in known]
        embedder = Embedder(NAME)
        for first in range(0, len(missing), BATCH):
            part = missing[first : first + BATCH]
            vectors = embedder.encode([text for _, text in part])
            known |= {key: vector for (key, _), vector in zip(part, vectors, strict=True)}
            _write(path, known)
        return np.stack([known[key] for key in keys]).astype(np.float32)


def _read(path: Path) -> dict[bytes, np.ndarray]:
    if not path.exists():
        return {}
    kept = load_file(path)
    return {key.tobytes(): vector for key, vector in zip(kept["keys"], kept["vectors"], strict=True)}


def _write(path: Path, known: dict[bytes, np.ndarray]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = np.frombuffer(b"".join(known), np.uint8).reshape(-1, 16)
    fresh = path.with_suffix(".new")
    save_file({"keys": keys, "vectors": np.stack(list(known.values())).astype(np.float32)}, fresh)
    fresh.replace(path)
