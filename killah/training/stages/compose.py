"""The stage `compose`: how much of each adapter in each layer, the adapters themselves frozen.

CAT of LoRA Soups (Prabhakar et al. 2024, arXiv 2410.13025): a layer adds sum_i softmax(w)_i scale_i A_i B_i;
one number an adapter and layer is learned, all equal at first.
"""

from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_unflatten

from killah.adapters import catalog, package
from killah.adapters.package import Adapter
from killah.errors import KillahError
from killah.gemma.adapted import find_linear
from killah.gemma.base import Base
from killah.gemma.gemma3 import Gemma3
from killah.training import data
from killah.training.config import Config
from killah.training.data import Batch
from killah.training.loss import token_nats
from killah.training.stages.card import card


class MixedLinear(nn.Module):
    """A linear layer with several frozen LoRAs and a learned score for each, `scores` (members,)."""

    def __init__(self, base: nn.Module, members: list[tuple[mx.array, mx.array, float]]) -> None:
        super().__init__()
        self.base = base
        self.a = mx.concatenate([a.astype(mx.float32) for a, _, _ in members], axis=1)
        self.b = mx.concatenate([scale * b.astype(mx.float32) for _, b, scale in members])
        self.ranks = [a.shape[1] for a, _, _ in members]
        self.scores = mx.zeros((len(members),))
        self.freeze()
        self.unfreeze(keys="scores", recurse=False)

    def __call__(self, x: mx.array) -> mx.array:
        """(..., in) -> (..., out)."""
        shares = mx.softmax(self.scores)
        gate = mx.concatenate([mx.broadcast_to(shares[i], (rank,)) for i, rank in enumerate(self.ranks)])
        return self.base(x) + (((x.astype(mx.float32) @ self.a) * gate) @ self.b).astype(x.dtype)


class ComposeStage:
    """Learns the mixture of `members` on rows of text."""

    def __init__(self, base: Base, config: Config) -> None:
        if len(config.members) < 2:
            raise KillahError(
                "A mixture needs two adapters or more.", "Name them: members: [persona, continue]."
            )
        self._base, self._config = base, config
        self.module: Gemma3 = base.model
        self.train, self.valid = (
            data.read(
                config.data / f"{split}.jsonl",
                base.tokenizer,
                min(config.max_seq_length, base.context),
                mask_prompt=config.mask_prompt,
            )
            for split in ("train", "valid")
        )
        adapters = [self._read(name) for name in config.members]
        base.model.freeze()
        base.model.update_modules(tree_unflatten(list(_mixed(base.model, adapters).items())))
        mx.eval(base.model.parameters())

    def _read(self, name: str) -> Adapter:
        return package.read(catalog.find(name, self._base.manifest.name), self._base.manifest)

    def nats(self, batch: Batch) -> mx.array:
        """Loss in nats of every learned token, (tokens,)."""
        return token_nats(self.module, batch, checkpoint=self._config.grad_checkpoint)

    def watch(self) -> dict[str, float]:
        """Nothing beside the norms of the gradients, which every step reports."""
        return {}

    def publish(self, best: dict[str, mx.array], metrics: dict[str, Any], folder: Path) -> None:
        """Write the mixture's package."""
        about = card(self._base, self._config, "mix", metrics, members=self._config.members)
        package.write(folder, about, best, force=True)


def _mixed(model: Gemma3, adapters: list[Adapter]) -> dict[str, MixedLinear]:
    """A mixed layer for every path that all of the adapters change; others keep none of them."""
    paths = [
        {key.removesuffix(".lora_a") for key in adapter.tensors if key.endswith(".lora_a")}
        for adapter in adapters
    ]
    common = sorted(set.intersection(*paths))
    if not common:
        raise KillahError("These adapters change no layer in common.", "Choose others.")
    layers = {}
    for path in common:
        base = find_linear(model, path)
        assert base is not None
        parts = ((a.tensors[f"{path}.lora_a"], a.tensors[f"{path}.lora_b"], a.card.scale) for a in adapters)
        layers[path] = MixedLinear(base, [(a, b, scale or 0.0) for a, b, scale in parts])
    return layers
