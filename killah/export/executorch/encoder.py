"""Wav2Vec2 in torch with the audio projector behind it: samples of any length to soft tokens.

It computes what `killah.audio.encoders.wav2vec2`, `killah.audio.features` and the projector compute.
"""

from typing import TypeVar

import mlx.core as mx
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from killah.audio.encoders.wav2vec2 import Wav2Vec2
from killah.audio.encoders.wav2vec2_model import NORM_EPS, Config
from killah.audio.features import FLOOR
from killah.errors import KillahError
from killah.export.executorch.projectors import Projector
from killah.gemma.trees import flat

ACTIVATIONS = {"gelu": F.gelu, "relu": F.relu}
Weights = dict[str, Tensor]
M = TypeVar("M", bound=nn.Module)


class Convolutions(nn.Module):
    """Samples (1, 1, n) to features (1, frames, channels)."""

    def __init__(self, config: Config, weights: Weights) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[config.feat_extract_activation]
        self.layers, self.norms = nn.ModuleList(), nn.ModuleList()
        for i, stride in enumerate(config.conv_stride):
            own = _under(weights, f"feature_extractor.conv_layers.{i}.")
            weight = own["conv.weight"].transpose(1, 2)  # MLX: (out, kernel, in)
            layer = nn.Conv1d(
                weight.shape[1], weight.shape[0], weight.shape[2], stride, bias=config.conv_bias
            )
            _fill(layer, {"weight": weight} | ({"bias": own["conv.bias"]} if config.conv_bias else {}))
            self.layers.append(layer)
            self.norms.append(_norm(_under(own, "layer_norm."), NORM_EPS))

    def forward(self, samples: Tensor) -> Tensor:
        """(1, 1, n) -> (1, frames, channels)."""
        x = samples
        for conv, norm in zip(self.layers, self.norms, strict=True):
            x = self.activation(norm(conv(x).transpose(1, 2))).transpose(1, 2)
        return x.transpose(1, 2)


class Attention(nn.Module):
    """Multi-head attention of all frames to all."""

    def __init__(self, heads: int, weights: Weights) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (
            _linear(_under(weights, f"{name}.")) for name in ("q_proj", "k_proj", "v_proj", "out_proj")
        )

    def forward(self, x: Tensor) -> Tensor:
        """(1, frames, width) -> the same shape."""
        q, k, v = (self._split(layer(x)) for layer in (self.q_proj, self.k_proj, self.v_proj))
        scores = torch.softmax(torch.bmm(q * q.shape[-1] ** -0.5, k.transpose(1, 2)), -1)
        return self.out_proj(torch.bmm(scores, v).transpose(0, 1).flatten(1).unsqueeze(0))

    def _split(self, x: Tensor) -> Tensor:
        return x.squeeze(0).unflatten(-1, (self.heads, -1)).transpose(0, 1)


class Layer(nn.Module):
    """A transformer layer, its norms before its halves or after them."""

    def __init__(self, config: Config, weights: Weights) -> None:
        super().__init__()
        self.attention = Attention(config.num_attention_heads, _under(weights, "attention."))
        self.layer_norm = _norm(_under(weights, "layer_norm."), config.layer_norm_eps)
        self.final_layer_norm = _norm(_under(weights, "final_layer_norm."), config.layer_norm_eps)
        self.inner = _linear(_under(weights, "feed_forward.intermediate_dense."))
        self.outer = _linear(_under(weights, "feed_forward.output_dense."))
        self.activation, self.norm_first = ACTIVATIONS[config.hidden_act], config.do_stable_layer_norm

    def forward(self, x: Tensor) -> Tensor:
        """(1, frames, width) -> the same shape."""
        if self.norm_first:
            x = x + self.attention(self.layer_norm(x))
            return x + self._forward(self.final_layer_norm(x))
        x = self.layer_norm(x + self.attention(x))
        return self.final_layer_norm(x + self._forward(x))

    def _forward(self, x: Tensor) -> Tensor:
        return self.outer(self.activation(self.inner(x)))


class AudioEncoder(nn.Module):
    """Samples (1, 1, n) in [-1, 1] to soft tokens (1, tokens, hidden), n as `samples` says."""

    def __init__(self, ear: Wav2Vec2, projector: Projector) -> None:
        super().__init__()
        config = ear.config
        if config.feat_extract_norm != "layer":
            raise KillahError(
                f"{ear.name} normalises over time and cannot be exported.",
                "Take an encoder with feat_extract_norm layer, as XLS-R's.",
            )
        weights = {name: _tensor(value) for name, value in flat(ear.model.parameters()).items()}
        self.normalises, self.norm_first = ear.normalises, config.do_stable_layer_norm
        self.convolutions = Convolutions(config, weights)
        own = _under(weights, "feature_projection.")
        self.projection_norm = _norm(_under(own, "layer_norm."), config.layer_norm_eps)
        self.projection = _linear(_under(own, "projection."))
        own = _under(weights, "encoder.")
        self.places = _positional(config, _under(own, "pos_conv_embed.conv."))
        self.activation = ACTIVATIONS[config.feat_extract_activation]
        self.layer_norm = _norm(_under(own, "layer_norm."), config.layer_norm_eps)
        self.layers = nn.ModuleList(
            Layer(config, _under(own, f"layers.{i}.")) for i in range(config.num_hidden_layers)
        )
        self.projector = projector
        self.stack, letters = stacking(ear, projector.width)
        self.letters = _linear(_under(weights, "lm_head.")) if letters else None

    def forward(self, samples: Tensor) -> Tensor:
        """(1, 1, n) -> (1, tokens, hidden)."""
        x = samples
        if self.normalises:
            x = x - x.mean(-1, keepdim=True)
            x = x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-7)
        x = self.projection(self.projection_norm(self.convolutions(x)))
        padding = (self.places.kernel_size[0] // 2, (self.places.kernel_size[0] - 1) // 2)
        x = x + self.activation(self.places(F.pad(x.transpose(1, 2), padding))).transpose(1, 2)
        x = x if self.norm_first else self.layer_norm(x)
        for layer in self.layers:
            x = layer(x)
        x = self.layer_norm(x) if self.norm_first else x
        if self.letters is not None:
            heard = torch.log_softmax(self.letters(x), -1)
            x = torch.cat([x, torch.relu(heard - FLOOR)], -1)
        return self.projector(x.reshape(1, -1, self.stack * x.shape[-1])).flatten(1, 2)


def stacking(ear: Wav2Vec2, width: int) -> tuple[int, bool]:
    """How many frames a projector that reads `width` numbers takes, and whether with their letters.

    Raises `KillahError` where it was made for another encoder.
    """
    letters = len(ear.letters or ())
    for size, spelled in ((ear.width + letters, letters > 0), (ear.width, False)):
        if width % size == 0:
            return width // size, spelled
    raise KillahError(
        f"The audio projector reads {width} numbers, which are no frames of {ear.name}.",
        "Choose the encoder it was trained with: killah config set encoder NAME",
    )


def samples(ear: Wav2Vec2, stack: int) -> tuple[int, int]:
    """A token's samples, and how many more any number of tokens needs: the last frame's overhang."""
    return stack * ear.samples_per_frame, ear.receptive_field - ear.samples_per_frame


def _positional(config: Config, weights: Weights) -> nn.Conv1d:
    """The grouped convolution that says where a frame is; MLX keeps its weight in another order of axes."""
    width, kernel = config.hidden_size, config.num_conv_pos_embeddings
    weight = weights["weight"]
    if weight.ndim == 4:  # (kernel, groups, in, out), on a CPU
        weight = weight.permute(1, 3, 2, 0).reshape(width, -1, kernel)
    else:
        weight = weight.transpose(1, 2)
    layer = nn.Conv1d(width, width, kernel, groups=config.num_conv_pos_embedding_groups)
    return _fill(layer, {"weight": weight, "bias": weights["bias"]})


def _linear(weights: Weights) -> nn.Linear:
    out, width = weights["weight"].shape
    return _fill(nn.Linear(width, out, bias="bias" in weights), weights)


def _norm(weights: Weights, eps: float) -> nn.LayerNorm:
    return _fill(nn.LayerNorm(len(weights["weight"]), eps), weights)


def _fill(layer: M, weights: Weights) -> M:
    layer.load_state_dict({name: value.contiguous() for name, value in weights.items()})
    return layer.requires_grad_(False)


def _tensor(value: mx.array) -> Tensor:
    return torch.from_numpy(np.array(value.astype(mx.float32)))


def _under(weights: Weights, prefix: str) -> Weights:
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
