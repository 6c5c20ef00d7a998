"""Whisper's encoder as a `SpeechEncoder` (Radford et al. 2022, arXiv 2212.04356)."""

import re
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from pydantic import BaseModel, PositiveInt

from killah.audio import RATE
from killah.audio.encoder import SpeechEncoder
from killah.audio.encoders import checkpoint
from killah.audio.encoders.layers import Activation, Layer, context_mask, gelu
from killah.audio.encoders.mel import HOP, WINDOW, log_mel

SAMPLES_PER_FRAME = 2 * HOP
SHORTEST = 25  # frames, half a second: less says nothing
EPS = 1e-5
# model.encoder.layers.0... in a WhisperForConditionalGeneration, encoder.layers.0... in a WhisperModel
_ENCODER = re.compile(r"(?:model\.)?encoder\.(.+)")
_NAMES = {
    "self_attn.": "attention.",
    "self_attn_layer_norm.": "layer_norm.",
    "fc1.": "feed_forward.intermediate_dense.",
    "fc2.": "feed_forward.output_dense.",
}


class Config(BaseModel):
    """The fields of config.json that shape the encoder; names and defaults as in transformers."""

    d_model: PositiveInt = 384
    encoder_layers: PositiveInt = 4
    encoder_attention_heads: PositiveInt = 6
    encoder_ffn_dim: PositiveInt = 1536
    activation_function: Activation = "gelu"
    num_mel_bins: PositiveInt = 80
    max_source_positions: PositiveInt = 1500


class Model(nn.Module):
    """Two convolutions over log-mel spectra, positions, a transformer with norms first and one at the end."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        width = config.d_model
        self.conv1 = nn.Conv1d(config.num_mel_bins, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.embed_positions = nn.Embedding(config.max_source_positions, width)
        self.layers = [
            Layer(
                width,
                config.encoder_ffn_dim,
                config.encoder_attention_heads,
                eps=EPS,
                norm_first=True,
                activation=config.activation_function,
                key_bias=False,
            )
            for _ in range(config.encoder_layers)
        ]
        self.layer_norm = nn.LayerNorm(width, EPS)

    def __call__(self, mels: mx.array, mask: mx.array | None = None) -> mx.array:
        """Spectra (2 frames, bins) -> (frames, width); `mask` (frames, frames): who sees whom."""
        x = gelu(self.conv2(gelu(self.conv1(mels[None])))) + self.embed_positions.weight
        for layer in self.layers:
            x = layer(x, mask)
        return self.layer_norm(x)[0]


class Whisper(SpeechEncoder):
    """The encoder of a Whisper checkpoint. It hears 30 seconds at a time, silence where there is less."""

    letters = head = None
    samples_per_frame = SAMPLES_PER_FRAME
    receptive_field = WINDOW + 4 * HOP  # five spectra

    def __init__(self, folder: Path) -> None:
        self.config = checkpoint.read_config(folder, Config)
        self.model = Model(self.config)
        checkpoint.fill(self.model, _arranged(checkpoint.read_weights(folder, _rename)), folder)
        self.folder, self.name = folder, folder.resolve().name
        self.width = self.config.d_model
        self._span = self.config.max_source_positions * SAMPLES_PER_FRAME

    def frame_count(self, samples: int) -> int:
        """As `SpeechEncoder.frame_count`: half a second's at least of each 30."""
        whole, rest = divmod(samples, self._span)
        last = self._kept(rest) if rest or not whole else 0
        return whole * self.config.max_source_positions + last

    def encode(
        self,
        samples: np.ndarray | mx.array,
        *,
        context: tuple[int, int] | None = None,
        moments: tuple[float, float] | None = None,  # noqa: ARG002 - of no use to log-mel spectra
    ) -> mx.array:
        """As `SpeechEncoder.encode`. Silence fills up 30 seconds; its frames are not returned."""
        x = np.asarray(samples, np.float32)
        if x.ndim != 1:
            raise ValueError(f"samples {x.shape} are not (samples,)")
        mask = context_mask(self.config.max_source_positions, *context) if context else None
        starts = range(0, max(x.size, 1), self._span)
        return mx.concatenate([self._span_frames(x[start : start + self._span], mask) for start in starts])

    def _kept(self, samples: int) -> int:
        return max(int(samples / RATE * 50), SHORTEST)

    def _span_frames(self, x: np.ndarray, mask: mx.array | None) -> mx.array:
        padded = mx.array(np.pad(x, (0, self._span - x.size)))
        mels = log_mel(padded, self.config.num_mel_bins).astype(checkpoint.dtype())
        return self.model(mels, mask)[: self._kept(x.size)]


def _rename(name: str) -> str | None:
    """A tensor's name here; None for the decoder's."""
    known = _ENCODER.fullmatch(name)
    if not known:
        return None
    new = known[1]
    for theirs, ours in _NAMES.items():
        new = new.replace(f".{theirs}", f".{ours}")
    return new


def _arranged(weights: dict[str, mx.array]) -> dict[str, mx.array]:
    """(outputs, inputs, kernel) -> MLX's (outputs, kernel, inputs)."""
    return {name: value.swapaxes(1, 2) if value.ndim == 3 else value for name, value in weights.items()}
