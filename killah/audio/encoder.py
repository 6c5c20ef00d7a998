"""`SpeechEncoder`: speech in, a vector each 20 ms out, with letters where the model knows them.

    encoder = SpeechEncoder.load(SpeechEncoder.find("ear-nano"))
    frames = encoder.encode(samples)            # (frames, width)
    log_probs = encoder.log_probs(frames)       # (frames, letters)

Which of the two kinds a folder holds, Wav2Vec2 or Whisper's encoder, is told by its config.json. MLX is
imported when the first encoder is loaded, not before.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from killah.audio import RATE, catalog
from killah.errors import KillahError

if TYPE_CHECKING:
    import mlx.core as mx


class SpeechEncoder(ABC):
    """Samples at 16 kHz to frames. Use it on the thread that loaded it.

    Frame i sees the samples from i * `samples_per_frame` on, `receptive_field` of them, in the convolutions,
    and every frame of the same call in the transformer.
    """

    name: str
    folder: Path
    width: int  # numbers a frame
    samples_per_frame: int
    receptive_field: int  # samples
    letters: list[str] | None  # CTC vocabulary by id; None where there is no CTC head
    head: "Callable[[mx.array], mx.array] | None"  # frames to a number a letter

    @staticmethod
    def find(name_or_folder: str | Path) -> Path:
        """Folder of an encoder: by name the user's own, else a shipped one; else a path.

        Raises `KillahError` that says which there are, or which command fetches it.
        """
        return catalog.find(name_or_folder)

    @staticmethod
    def load(folder: Path) -> "SpeechEncoder":
        """The encoder in a folder of the Hugging Face form, as transformers saves it.

        It holds config.json and safetensors; preprocessor_config.json, and vocab.json where there is a CTC
        head. Raises `KillahError` for anything missing, damaged or of another kind.
        """
        if catalog.kind(folder) == "whisper":
            from killah.audio.encoders.whisper import Whisper

            return Whisper(folder)
        from killah.audio.encoders.wav2vec2 import Wav2Vec2

        return Wav2Vec2(folder)

    @property
    def seconds_per_frame(self) -> float:
        """From the beginning of a frame to the beginning of the next."""
        return self.samples_per_frame / RATE

    @abstractmethod
    def frame_count(self, samples: int) -> int:
        """How many frames `encode` makes of so many samples."""

    @abstractmethod
    def encode(
        self,
        samples: "np.ndarray | mx.array",
        *,
        context: tuple[int, int] | None = None,
        moments: tuple[float, float] | None = None,
    ) -> "mx.array":
        """Samples (samples,) in [-1, 1] -> frames (frames, width).

        `context` limits what a frame sees in each transformer layer to so many frames before and after it.
        `moments` are the mean and variance to normalise with where the model wants normalised samples, those
        of `samples` if left out; a stream passes the ones of all it has heard. Time grows with the square
        of the length: what lasts minutes is better heard in parts.
        """

    def log_probs(self, frames: "mx.array") -> "mx.array":
        """Frames (frames, width) -> log-probabilities (frames, letters), float32.

        Raises `KillahError` where there is no CTC head.
        """
        import mlx.core as mx

        if self.head is None:
            raise KillahError(
                f"{self.name} has no letters: it hears, but does not spell.",
                "Take a Wav2Vec2 tuned with CTC, and its vocab.json.",
            )
        logits = self.head(frames).astype(mx.float32)
        return logits - mx.logsumexp(logits, axis=-1, keepdims=True) if logits.size else logits
