"""Small random speech models as transformers writes them, and what transformers hears with them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

XLS_R = {
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
    "conv_bias": True,
}
LARGE_960H = {
    "feat_extract_norm": "group",
    "do_stable_layer_norm": False,
    "conv_bias": False,
}
TINY: dict[str, Any] = {
    "hidden_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 80,
    "conv_dim": (20, 24, 24, 24, 24, 24, 32),
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}
LARGE = {
    "hidden_size": 1024,
    "num_hidden_layers": 2,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
}
LETTERS = ["<pad>", "|", "'", *"abcdefghijklmnopqrstuvwxyz"]
WHISPER = {
    "vocab_size": 64,
    "decoder_layers": 1,
    "decoder_attention_heads": 2,
    "decoder_ffn_dim": 16,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
}


def wav2vec2(folder: Path, kind: str = "Wav2Vec2ForCTC", *, normalise: bool = True, **config: Any) -> Any:
    """A random transformers model of class `kind`, saved to `folder` with its letters and preprocessing."""
    shape = TINY | {"vocab_size": len(LETTERS), "pad_token_id": 0} | config
    shape["num_feat_extract_layers"] = len(shape["conv_dim"])
    model = _random(getattr(transformers, kind)(transformers.Wav2Vec2Config(**shape)))
    model.save_pretrained(folder)
    letters = {letter: index for index, letter in enumerate(LETTERS)}
    (folder / "vocab.json").write_text(json.dumps(letters))
    processing = {"feature_extractor_type": "Wav2Vec2FeatureExtractor", "do_normalize": normalise}
    (folder / "preprocessor_config.json").write_text(json.dumps(processing))
    return model


def whisper(folder: Path, kind: str = "WhisperForConditionalGeneration", **config: Any) -> Any:
    """A random transformers model of class `kind`, saved to `folder`."""
    model = _random(getattr(transformers, kind)(transformers.WhisperConfig(**(WHISPER | config))))
    model.save_pretrained(folder)
    return model


def heard(model: Any, samples: np.ndarray, *, normalise: bool = True) -> np.ndarray:
    """What transformers' own preprocessing and Wav2Vec2 make of samples: frames (frames, width)."""
    prepare = transformers.Wav2Vec2FeatureExtractor(do_normalize=normalise)
    values = prepare(samples, sampling_rate=16_000, return_tensors="pt").input_values
    with torch.no_grad():
        return getattr(model, "wav2vec2", model)(values).last_hidden_state[0].numpy()


def noise(samples: int, seed: int = 0) -> np.ndarray:
    """Samples (samples,) float32 that are loud, off centre, and nowhere alike."""
    return (0.1 * np.random.default_rng(seed).normal(size=samples) + 0.02).astype(np.float32)


@torch.no_grad()
def _random(model: Any) -> Any:
    """Biases and norms too, which start as zeros and ones and would hide mistakes."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        parameter.add_(torch.randn_like(parameter), alpha=0.05)
    return model.eval()
