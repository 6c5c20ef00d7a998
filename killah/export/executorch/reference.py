"""The original: a composition in MLX, in float32 on any machine, as a bundle's yardstick."""

from collections.abc import Sequence

import mlx.core as mx
import numpy as np

from killah.adapters import projectors
from killah.adapters.package import Adapter
from killah.audio import features
from killah.audio.encoders.wav2vec2 import Wav2Vec2
from killah.export.composed import Composed
from killah.export.executorch.encoder import stacking
from killah.gemma import base


class Reference:
    """Reads and writes as the composition does. Vectors are (1, n, hidden) in the residual stream's scale."""

    def __init__(self, composed: Composed) -> None:
        self._model = base.load_float32(composed.folder, composed.about)
        composed.stack(self._model).use(composed.blend)

    def embed(self, ids: Sequence[int]) -> mx.array:
        """Token ids (n,) -> vectors."""
        return self._model.embed(mx.array(list(ids))[None])

    def logits(self, embedded: mx.array) -> np.ndarray:
        """After every position, (n, vocabulary)."""
        return np.array(self._model.head(self._model.hidden(embedded, self._model.make_cache()))[0])

    def write(self, embedded: mx.array, count: int) -> list[int]:
        """Greedy ids after `embedded`, `count` of them whatever they are."""
        cache, ids = self._model.make_cache(), []
        for _ in range(count):
            hidden = self._model.hidden(embedded, cache)
            ids.append(int(np.array(mx.argmax(self._model.head(hidden[:, -1])[0]))))
            embedded = self.embed(ids[-1:])
        return ids


def hear(ear: Wav2Vec2, projector: Adapter, samples: np.ndarray) -> np.ndarray:
    """Samples (samples,) that make whole tokens -> soft tokens (1, n, hidden)."""
    width = projector.card.input_width or 0
    stack, letters = stacking(ear, width)
    heard = ear.encode(samples)
    frames = np.array(heard)
    if letters:
        frames = features.features(frames, np.array(ear.log_probs(heard)))
    return project(projector, frames.reshape(1, -1, width)).reshape(1, len(frames) // stack, -1)


def project(projector: Adapter, vectors: np.ndarray) -> np.ndarray:
    """Vectors (..., width) -> soft tokens (..., tokens, hidden)."""
    return np.array(projectors.module(projector)(mx.array(vectors)))
