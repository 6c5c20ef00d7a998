"""A trained run as an ordinary Hugging Face Wav2Vec2ForCTC folder."""

import json
from pathlib import Path

import torch
from transformers import Wav2Vec2ForCTC

from killah.audio import RATE
from tools.pretrain.train import Run

from .letters import vocabulary


@torch.no_grad()
def average(run: Run[Wav2Vec2ForCTC], other: Run[Wav2Vec2ForCTC], share: float) -> None:
    """Let `run` have the weights between its own and `other`'s, which are worth `share`.

    Two ends of one training generalise better together (weight averaging: Izmailov et al. 2018, arXiv
    1803.05407).
    """
    for name, parameter in run.model.named_parameters():
        run.masters[name].lerp_(other.masters[name], share)
        parameter.copy_(run.masters[name])


@torch.no_grad()
def save(run: Run[Wav2Vec2ForCTC], out: Path) -> None:
    """Write config, weights (bfloat16 safetensors), vocabulary and preprocessing."""
    out.mkdir(parents=True, exist_ok=True)
    model = run.model
    model.save_pretrained(out)
    (out / "vocab.json").write_text(json.dumps(vocabulary(), ensure_ascii=False, indent=0) + "\n")
    preprocessing = {
        "feature_extractor_type": "Wav2Vec2FeatureExtractor",
        "do_normalize": True,
        "feature_size": 1,
        "padding_value": 0.0,
        "return_attention_mask": False,
        "sampling_rate": RATE,
    }
    (out / "preprocessor_config.json").write_text(json.dumps(preprocessing, indent=1) + "\n")
