"""Wav2Vec2 as a `SpeechEncoder`: XLS-R and its kin, with or without a CTC head."""

from pathlib import Path

import mlx.core as mx
import numpy as np

from killah.audio import RATE
from killah.audio.encoder import SpeechEncoder
from killah.audio.encoders import checkpoint
from killah.audio.encoders.layers import context_mask
from killah.audio.encoders.letters import read_letters
from killah.audio.encoders.wav2vec2_model import Config, Model, TapConvolution
from killah.errors import KillahError
from killah.hub.files import read_json

POSITIONAL = "encoder.pos_conv_embed.conv"
WEIGHT_NORM = (  # of old torch and new: the norm's name, the direction's
    ("weight_g", "weight_v"),
    ("parametrizations.weight.original0", "parametrizations.weight.original1"),
)


class Wav2Vec2(SpeechEncoder):
    """A Wav2Vec2 checkpoint. Its work is in two steps, so that a stream may keep what the first makes."""

    def __init__(self, folder: Path) -> None:
        config = checkpoint.read_config(folder, Config)
        weights = _arranged(checkpoint.read_weights(folder, _rename), config.num_conv_pos_embedding_groups)
        self.letters = read_letters(folder, config.vocab_size) if "lm_head.weight" in weights else None
        if self.letters is None:
            weights = {name: value for name, value in weights.items() if not name.startswith("lm_head.")}
        self.model = Model(config, head=self.letters is not None)
        checkpoint.fill(self.model, weights, folder)
        self.head = self.model.lm_head if self.letters else None
        self.normalises = _normalises(folder)
        self.folder, self.name, self.config = folder, folder.resolve().name, config
        self.width, self.samples_per_frame = config.hidden_size, config.hop
        self.receptive_field = config.receptive_field

    def frame_count(self, samples: int) -> int:
        """As `SpeechEncoder.frame_count`: none for fewer samples than `receptive_field`."""
        return self.config.frame_count(samples)

    def encode(
        self,
        samples: np.ndarray | mx.array,
        *,
        context: tuple[int, int] | None = None,
        moments: tuple[float, float] | None = None,
    ) -> mx.array:
        """As `SpeechEncoder.encode`."""
        return self.transform(self.features(samples, moments=moments), context=context)

    def features(
        self, samples: np.ndarray | mx.array, *, moments: tuple[float, float] | None = None
    ) -> mx.array:
        """Samples (samples,) -> what the convolutions make of them, (frames, features).

        With given `moments` a frame depends on its `receptive_field` samples alone (not where
        feat_extract_norm is "group"), so that the features of a stream are made once.
        """
        x = np.asarray(samples, np.float32)
        if x.ndim != 1:
            raise ValueError(f"samples {x.shape} are not (samples,)")
        if not self.frame_count(x.size):
            return mx.zeros((0, self.config.conv_dim[-1]), checkpoint.dtype())
        if self.normalises:
            mean, variance = moments or (float(x.mean(dtype=np.float64)), float(x.var(dtype=np.float64)))
            x = (x - np.float32(mean)) / np.float32(np.sqrt(variance + 1e-7))
        return self.model.feature_extractor(mx.array(x).astype(checkpoint.dtype()))

    def transform(self, features: mx.array, *, context: tuple[int, int] | None = None) -> mx.array:
        """Features (frames, features) -> frames (frames, width); `context` as in `encode`."""
        count = features.shape[0]
        if count == 0:
            return mx.zeros((0, self.width), features.dtype)
        mask = context_mask(count, *context) if context else None
        return self.model.encoder(self.model.feature_projection(features)[None], mask)[0]


def _normalises(folder: Path) -> bool:
    """Whether samples should come with zero mean and unit variance; so they should where no file says.

    Raises `KillahError` where they should come at another rate.
    """
    path = folder / "preprocessor_config.json"
    wanted = read_json(path) if path.exists() else {}
    if (rate := wanted.get("sampling_rate", RATE)) != RATE:
        raise KillahError(f"{folder} hears {rate} samples a second, Killah {RATE}.", "Choose another model.")
    return bool(wanted.get("do_normalize", True))


def _rename(name: str) -> str | None:
    """A tensor's name here; None for what only pretraining needs."""
    name = name.removeprefix("wav2vec2.")
    return None if name.startswith(("quantizer.", "project_", "masked_spec_embed")) else name


def _arranged(weights: dict[str, mx.array], groups: int) -> dict[str, mx.array]:
    """Convolutions in MLX's order of axes; the positional one's weight made of its norm and direction."""
    found = dict(weights)
    for norm, direction in WEIGHT_NORM:
        if f"{POSITIONAL}.{norm}" in found and f"{POSITIONAL}.{direction}" in found:
            g = found.pop(f"{POSITIONAL}.{norm}").astype(mx.float32)
            v = found.pop(f"{POSITIONAL}.{direction}").astype(mx.float32)
            # One norm a tap (Salimans & Kingma 2016, arXiv 1602.07868).
            found[f"{POSITIONAL}.weight"] = g * v / mx.sqrt(mx.square(v).sum((0, 1), keepdims=True))
    for name, value in found.items():
        if name.endswith(".conv.weight") and value.ndim == 3:
            found[name] = value.swapaxes(1, 2)  # (outputs, inputs, kernel) -> (outputs, kernel, inputs)
    if checkpoint.dtype() == mx.float32 and f"{POSITIONAL}.weight" in found:
        found[f"{POSITIONAL}.weight"] = TapConvolution.arranged(found[f"{POSITIONAL}.weight"], groups)
    return found
