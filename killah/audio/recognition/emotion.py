"""Emotions: how probably an utterance is angry, bored, afraid, ..., told from how it is said.

    emotions = Emotions.load(paths.shipped("models") / "emotion")
    emotions.of(samples)        # {"angry": 0.81, "happy": 0.12, ...}, the likeliest first

A linear classifier reads the prosody of an utterance beside means and deviations over time of a few hidden
layers of the speech encoder: its last layers keep the letters and let go of how they were said.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError

from killah.audio import RATE, catalog
from killah.audio.recognition.prosody import names, prosody
from killah.errors import KillahError
from killah.hub.files import read_json

if TYPE_CHECKING:
    from killah.audio.encoders.wav2vec2 import Wav2Vec2

WEIGHTS, CARD = "emotion.safetensors", "emotion.json"
LONGEST = 10.0  # seconds that are judged at once; of more the mean is taken
# Other names that collections of recordings have for the labels.
NAMES = {
    "angry": "anger annoyance annoyed",
    "bored": "boredom",
    "disgusted": "disgust",
    "afraid": "fear fearful anxiety anxious scared",
    "happy": "happiness joy joyful",
    "neutral": "",
    "sad": "sadness",
}
_LABELS = {other: label for label, names in NAMES.items() for other in (label, *names.split())}


def label_of(name: str) -> str:
    """The label for a name of an emotion; the name itself where there is none."""
    return _LABELS.get(name.strip().lower(), name.strip().lower())


class Card(BaseModel):
    """What a classifier is and where it comes from."""

    model_config = ConfigDict(extra="forbid")

    labels: list[str]
    prosody: list[str]  # names of the acoustic features, in the order of the weights
    encoder: str  # whose layers are read
    encoder_sha256: str  # of its weights
    layers: list[int]  # 0 is what goes into the first layer, as in transformers' hidden_states
    language: str  # that the classifier heard
    training: str
    licence: str
    metrics: dict[str, float]


class Emotions:
    """Use it on the thread that loaded it, as its encoder."""

    def __init__(self, card: Card, weights: dict[str, np.ndarray], encoder: "Wav2Vec2 | None") -> None:
        self.card = card
        self._weights, self._encoder = weights, encoder

    @classmethod
    def load(cls, folder: Path) -> "Emotions":
        """The classifier in a folder, with the encoder it was made for.

        Raises `KillahError` for a folder without one, for damage, and where the encoder is another one now.
        """
        from safetensors.numpy import load_file

        try:
            card = Card.model_validate(read_json(folder / CARD))
            weights = load_file(folder / WEIGHTS)
        except (OSError, SafetensorError, ValidationError) as error:
            raise KillahError(
                f"{folder} holds no whole classifier of emotions.", "Install it again."
            ) from error
        if unknown := set(card.prosody) - set(names()):
            raise KillahError(f"{folder} reads {min(unknown)}, which Killah does not know.", "Update Killah.")
        encoder = _encoder(card) if card.layers else None
        size = len(card.prosody) + (2 * encoder.width * len(card.layers) if encoder else 0)
        labels = len(card.labels)
        shapes = {"mean": (size,), "deviation": (size,), "weight": (size, labels), "bias": (labels,)}
        if {name: value.shape for name, value in weights.items()} != shapes:
            raise KillahError(f"{folder / WEIGHTS} does not fit its {CARD}.", "Install it again.")
        return cls(card, weights, encoder)

    def of(self, samples: np.ndarray) -> dict[str, float]:
        """Probability of each label, the likeliest first, of (samples,) in [-1, 1].

        Raises `KillahError` where there is too little sound to tell.
        """
        count = max(1, round(len(samples) / (LONGEST * RATE)))
        found = np.mean([self._probabilities(piece) for piece in np.array_split(samples, count)], axis=0)
        order = np.argsort(-found)
        return {self.card.labels[i]: float(found[i]) for i in order}

    def _probabilities(self, samples: np.ndarray) -> np.ndarray:
        acoustic = prosody(samples)
        found = [np.array([acoustic[name] for name in self.card.prosody])]
        if self._encoder is not None:
            pooled = pooled_layers(self._encoder, samples, max(self.card.layers))
            found += [pooled[layer] for layer in self.card.layers]
        normal = (np.concatenate(found) - self._weights["mean"]) / self._weights["deviation"]
        logits = normal @ self._weights["weight"] + self._weights["bias"]
        scores = np.exp(logits - logits.max())
        return scores / scores.sum()


def pooled_layers(encoder: "Wav2Vec2", samples: np.ndarray, deepest: int) -> list[np.ndarray]:
    """Mean and deviation over frames, (2 * width,), of what goes into the first layer and comes from each.

    Up to layer `deepest`. Before the norm at the end, and of an encoder with its norms first.
    """
    model = encoder.model
    x = model.feature_projection(encoder.features(samples))[None]
    x = x + model.encoder.pos_conv_embed(x)
    found = [x]
    for layer in model.encoder.layers[:deepest]:
        found.append(layer(found[-1]))
    frames = [np.array(each[0], np.float64) for each in found]
    return [np.concatenate([each.mean(axis=0), each.std(axis=0)]) for each in frames]


def fingerprint(folder: Path) -> str:
    """SHA-256 of an encoder's weights."""
    with (folder / "model.safetensors").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _encoder(card: Card) -> "Wav2Vec2":
    from killah.audio.encoders.wav2vec2 import Wav2Vec2

    folder = catalog.find(card.encoder)
    if fingerprint(folder) != card.encoder_sha256:
        raise KillahError(
            f"The classifier of emotions was made for another {card.encoder}.", "Update both together."
        )
    return Wav2Vec2(folder)
