"""Wav2Vec2's modules in MLX (Baevski et al. 2020, arXiv 2006.11477); parameters have transformers' names.

Samples go through strided convolutions, which make a frame each 20 ms (XLS-R's seven do), then through a
transformer whose only notion of position is one wide grouped convolution.
"""

from functools import partial
from itertools import pairwise
from math import prod
from typing import Literal

import mlx.core as mx
import mlx.nn as nn
from pydantic import BaseModel, PositiveInt, model_validator

from killah.audio.encoders import checkpoint
from killah.audio.encoders.layers import ACTIVATIONS, Activation, Layer

NORM_EPS = 1e-5  # of the convolutions' norms, whatever the configuration says
PIECE = 100  # frames that go through the convolutions at once: what lies between fits into a CPU's cache


class Config(BaseModel):
    """The fields of config.json that shape the model; names and defaults as in transformers."""

    hidden_size: PositiveInt = 768
    num_hidden_layers: PositiveInt = 12
    num_attention_heads: PositiveInt = 12
    intermediate_size: PositiveInt = 3072
    hidden_act: Activation = "gelu"
    layer_norm_eps: float = 1e-5
    do_stable_layer_norm: bool = False
    feat_extract_norm: Literal["group", "layer"] = "group"
    feat_extract_activation: Activation = "gelu"
    conv_dim: list[PositiveInt] = [512] * 7
    conv_stride: list[PositiveInt] = [5, 2, 2, 2, 2, 2, 2]
    conv_kernel: list[PositiveInt] = [10, 3, 3, 3, 3, 2, 2]
    conv_bias: bool = False
    num_conv_pos_embeddings: PositiveInt = 128
    num_conv_pos_embedding_groups: PositiveInt = 16
    vocab_size: PositiveInt = 32
    add_adapter: Literal[False] = False
    adapter_attn_dim: None = None

    @model_validator(mode="after")
    def _agree(self) -> "Config":
        if not len(self.conv_dim) == len(self.conv_stride) == len(self.conv_kernel) > 0:
            raise ValueError("conv_dim, conv_stride and conv_kernel have different lengths")
        for name in ("num_attention_heads", "num_conv_pos_embedding_groups"):
            if self.hidden_size % getattr(self, name):
                raise ValueError(f"hidden_size is not a multiple of {name}")
        return self

    @property
    def hop(self) -> int:
        """Samples from the beginning of a frame to the beginning of the next."""
        return prod(self.conv_stride)

    @property
    def receptive_field(self) -> int:
        """Samples that one frame sees in the convolutions."""
        seen, step = 1, 1
        for kernel, stride in zip(self.conv_kernel, self.conv_stride, strict=True):
            seen, step = seen + (kernel - 1) * step, step * stride
        return seen

    def frame_count(self, samples: int) -> int:
        """Frames that so many samples make."""
        return max(0, (samples - self.receptive_field) // self.hop + 1)


class TimeNorm(nn.Module):
    """Each channel normalised over all of time: group norm with one channel a group.

    Means are products of matrices: on a CPU `mx.mean` adds one number after the other, and of 32,000 the
    last digit is lost that the next layer norm magnifies.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = mx.ones((width,))
        self.bias = mx.zeros((width,))

    def __call__(self, x: mx.array) -> mx.array:
        """(1, length, width) -> the same shape."""
        average = mx.full((1, x.shape[1]), 1 / x.shape[1])
        centred = x.astype(mx.float32)[0]
        centred = centred - average @ centred
        variance = average @ mx.square(centred)
        return (centred * mx.rsqrt(variance + NORM_EPS)).astype(x.dtype)[None] * self.weight + self.bias


class Convolution(nn.Module):
    """A strided convolution, perhaps a norm, an activation."""

    def __init__(self, inputs: int, config: Config, index: int) -> None:
        super().__init__()
        width = config.conv_dim[index]
        kernel, stride = config.conv_kernel[index], config.conv_stride[index]
        self.conv = nn.Conv1d(inputs, width, kernel, stride, bias=config.conv_bias)
        self._activation = ACTIVATIONS[config.feat_extract_activation]
        if config.feat_extract_norm == "layer":
            self.layer_norm = nn.LayerNorm(width, NORM_EPS)
        elif index == 0:
            self.layer_norm = TimeNorm(width)

    def __call__(self, x: mx.array) -> mx.array:
        """(1, length, inputs) -> (1, shorter, width)."""
        x = self.conv(x)
        return self._activation(self.layer_norm(x) if "layer_norm" in self else x)


class FeatureExtractor(nn.Module):
    """The convolutions from samples to frames."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        widths = [1, *config.conv_dim]
        self.conv_layers = [Convolution(inputs, config, i) for i, inputs in enumerate(widths[:-1])]
        self._config = config

    def __call__(self, samples: mx.array) -> mx.array:
        """Samples (samples,) -> features (frames, last of conv_dim).

        In pieces: a frame depends on its `receptive_field` samples alone, unless a norm is over time.
        """
        config = self._config
        if config.feat_extract_norm == "group":
            return self._run(samples)
        edges = [*range(0, frames := config.frame_count(samples.size), PIECE), frames]
        windows = [
            samples[first * config.hop : (end - 1) * config.hop + config.receptive_field]
            for first, end in pairwise(edges)
        ]
        return mx.concatenate([self._run(window) for window in windows])

    def _run(self, samples: mx.array) -> mx.array:
        x = samples[None, :, None]
        for layer in self.conv_layers:
            x = layer(x)
        return x[0]


class FeatureProjection(nn.Module):
    """Features to the transformer's width."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.layer_norm = nn.LayerNorm(config.conv_dim[-1], config.layer_norm_eps)
        self.projection = nn.Linear(config.conv_dim[-1], config.hidden_size)

    def __call__(self, features: mx.array) -> mx.array:
        """(frames, last of conv_dim) -> (frames, hidden)."""
        return self.projection(self.layer_norm(features))


class TapConvolution(nn.Module):
    """A grouped convolution as one product of matrices a tap, for float32.

    On a CPU six times faster than MLX's own, which copies each input once a tap. In bfloat16 128 sums would
    round 128 times.
    """

    def __init__(self, width: int, kernel: int, groups: int) -> None:
        super().__init__()
        self.weight = mx.zeros((kernel, groups, width // groups, width // groups))
        self.bias = mx.zeros((width,))

    @staticmethod
    def arranged(weight: mx.array, groups: int) -> mx.array:
        """Weights of `nn.Conv1d`, (width, kernel, width / groups), in this one's order of axes."""
        width, kernel, inputs = weight.shape
        return weight.reshape(groups, width // groups, kernel, inputs).transpose(2, 0, 3, 1)

    def __call__(self, x: mx.array) -> mx.array:
        """(1, length, width), padded -> (1, length - kernel + 1, width)."""
        kernel, groups, inputs, outputs = self.weight.shape
        length = x.shape[1] - kernel + 1
        grouped = mx.contiguous(x[0].reshape(-1, groups, inputs).transpose(1, 0, 2))
        y = self.bias.reshape(groups, 1, outputs)
        for tap in range(kernel):
            y = mx.addmm(y, grouped[:, tap : tap + length], self.weight[tap])
        return y.transpose(1, 0, 2).reshape(1, length, -1)


class PositionalConvolution(nn.Module):
    """What tells the transformer where a frame is: a convolution over its neighbours, 128 in XLS-R."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        width, kernel = config.hidden_size, config.num_conv_pos_embeddings
        groups = config.num_conv_pos_embedding_groups
        self.conv = (
            TapConvolution(width, kernel, groups)
            if checkpoint.dtype() == mx.float32
            else nn.Conv1d(width, width, kernel, groups=groups)
        )
        # An even kernel looks one frame further back than ahead.
        self._padding = (kernel // 2, (kernel - 1) // 2)
        self._activation = ACTIVATIONS[config.feat_extract_activation]

    def __call__(self, x: mx.array) -> mx.array:
        """(1, frames, hidden) -> the same shape."""
        return self._activation(self.conv(mx.pad(x, [(0, 0), self._padding, (0, 0)])))


class Encoder(nn.Module):
    """The transformer: norms first and one at the end (`do_stable_layer_norm`), or norms last."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.pos_conv_embed = PositionalConvolution(config)
        self.layer_norm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)
        make = partial(
            Layer,
            config.hidden_size,
            config.intermediate_size,
            config.num_attention_heads,
            eps=config.layer_norm_eps,
            norm_first=config.do_stable_layer_norm,
            activation=config.hidden_act,
        )
        self.layers = [make() for _ in range(config.num_hidden_layers)]
        self._norm_first = config.do_stable_layer_norm

    def __call__(self, x: mx.array, mask: mx.array | None = None) -> mx.array:
        """(1, frames, hidden) -> the same shape; `mask` (frames, frames): who sees whom."""
        x = x + self.pos_conv_embed(x)
        if not self._norm_first:
            x = self.layer_norm(x)
        for layer in self.layers:
            x = layer(x, mask)
        return self.layer_norm(x) if self._norm_first else x


class Model(nn.Module):
    """Everything with weights; `head` adds the layer of letters."""

    def __init__(self, config: Config, *, head: bool) -> None:
        super().__init__()
        self.feature_extractor = FeatureExtractor(config)
        self.feature_projection = FeatureProjection(config)
        self.encoder = Encoder(config)
        if head:
            self.lm_head = nn.Linear(config.hidden_size, config.vocab_size)
