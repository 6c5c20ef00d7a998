"""The LoRAs of a composition as other programs take them: dense factors a layer, nothing gated or learned.

What a composition says of prompts has no place in them: its LoRAs count whatever is in the prompt, and the
standing members (persona, audio), silent without soft tokens, take part only where they are named.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
import numpy as np

from killah.adapters import catalog, package, personal
from killah.adapters.package import Adapter
from killah.errors import KillahError
from killah.export import foreign
from killah.gemma import manifest, merge
from killah.gemma.gemma3 import Gemma3
from killah.gemma.manifest import Manifest
from killah.gemma.stack import AdapterStack, Blend, Merge, shares

Scores = Mapping[str, tuple[float, ...]]
PERSONA = "persona"  # the place of a persona's LoRA


@dataclass(frozen=True)
class Weighted:
    """A LoRA and how strongly it is taken."""

    adapter: Adapter
    weight: float = 1.0


@dataclass(frozen=True)
class Composed:
    """LoRAs of the base in `folder`, and how they are added up; none for the base alone.

    `scores` of a `cat` merge: module -> one number a LoRA, nan for one the mixture does not know.
    """

    folder: Path
    about: Manifest
    name: str = ""
    loras: tuple[Weighted, ...] = ()
    merge: Merge = "sum"
    scores: Scores | None = None

    @property
    def blend(self) -> Blend:
        """The same for `AdapterStack`, the adapters loaded under their own names."""
        weights = tuple((each.adapter.card.name, each.weight) for each in self.loras)
        return Blend(weights, self.merge, self.scores)

    def stack(self, model: Gemma3) -> AdapterStack:
        """The adapters on a model of this base, none of them taken in yet."""
        stack = AdapterStack(model)
        for each in self.loras:
            card = each.adapter.card
            stack.load(card.name, each.adapter.tensors, card.scale or 0.0, card.sha256)
        return stack

    def factors(self, module: str) -> tuple[mx.array, mx.array] | None:
        """What is added to a linear layer: x @ a @ b, a (in, ranks) and b (ranks, out) in float32."""
        here = [each for each in self.loras if f"{module}.lora_a" in each.adapter.tensors]
        if not here or (self.merge == "cat" and module not in (self.scores or {})):
            return None  # a mixture changes only the layers it was learned on
        counts = shares(self.blend, module, [each.adapter.card.name for each in here])
        a, b = [], []
        for each, share in zip(here, counts, strict=True):
            _, scale = foreign.lora_only(each.adapter.card)
            a.append(each.adapter.tensors[f"{module}.lora_a"].astype(mx.float32))
            factor = each.weight * share * scale
            b.append(factor * each.adapter.tensors[f"{module}.lora_b"].astype(mx.float32))
        if self.merge == "pico":
            b = [mx.array(part) for part in merge.pico([np.array(x) for x in a], [np.array(x) for x in b])]
        return mx.concatenate(a, axis=1), mx.concatenate(b, axis=0)

    def as_adapter(self) -> Adapter:
        """All of it as one LoRA: the adapter itself where it is a single one of weight 1, else side by side.

        Raises `KillahError` where there is none.
        """
        if not self.loras:
            raise KillahError(f"{self.name or self.about.name} has no LoRA.", "Name an adapter.")
        if len(self.loras) == 1 and self.loras[0].weight == 1 and self.merge == "sum":
            return self.loras[0].adapter
        modules = {name.rpartition(".")[0] for each in self.loras for name in each.adapter.tensors}
        pairs = {module: pair for module in sorted(modules) if (pair := self.factors(module)) is not None}
        rank = max(a.shape[1] for a, _ in pairs.values())
        tensors: dict[str, mx.array] = {}
        for module, (a, b) in pairs.items():
            tensors[f"{module}.lora_a"] = mx.pad(a, [(0, 0), (0, rank - a.shape[1])])
            tensors[f"{module}.lora_b"] = mx.pad(b, [(0, rank - b.shape[0]), (0, 0)])
        return Adapter(self._card(rank, sorted({m.rpartition(".")[2] for m in pairs})), tensors)

    def _card(self, rank: int, targets: list[str]) -> package.AdapterCard:
        cards = [each.adapter.card for each in self.loras]
        return cards[0].model_copy(
            update={
                "name": "-".join(card.name for card in cards),
                "rank": rank,
                "alpha": float(rank),
                "scale": 1.0,
                "rslora": False,
                "target_modules": targets,
                "data": "; ".join(dict.fromkeys(card.data for card in cards)),
                "licence": " AND ".join(dict.fromkeys(card.licence for card in cards)),
                "metrics": {},
                "sha256": "",
            }
        )


def gather(
    folder: Path,
    members: Mapping[str, float],
    how: Merge = "sum",
    *,
    name: str = "",
    mix: str = "",
    required: Collection[str] = (),
    persona: str | None = None,
) -> Composed:
    """The LoRAs `members` (with weights) of the base in `folder`, each checked; `persona`'s own among them.

    One that is not installed takes no part, as in the engine, unless it is among `required`; no more does a
    mixture `mix` for a `cat` merge, which is a sum without it. Raises `KillahError` for what is missing,
    damaged or no LoRA.
    """
    about = manifest.read_verified(folder)
    here = {each.name for each in catalog.installed(about.name)}
    chosen = {place: (place, w) for place, w in members.items() if w and (place in here or place in required)}
    if persona is not None:
        chosen[PERSONA] = (personal.name_of(persona), members.get(PERSONA) or 1.0)
    loras = {place: Weighted(_read(lora, about, folder), w) for place, (lora, w) in chosen.items()}
    scores = None
    if how == "cat":
        scores = _scores(mix, list(loras), about, folder) if mix in here else None
        how = "sum" if scores is None or _alone(loras, scores) else how
    return Composed(folder, about, name, tuple(loras.values()), how, scores if how == "cat" else None)


def _alone(loras: Mapping[str, Weighted], scores: Scores) -> bool:
    """Whether a mixture has nothing to weigh: one LoRA, whose every layer it knows."""
    modules = {name.rpartition(".")[0] for each in loras.values() for name in each.adapter.tensors}
    return len(loras) < 2 and modules <= scores.keys()


def parse(text: str) -> dict[str, float]:
    """Adapters and weights of `rephrase=1,persona=0.5`; a weight left out is 1. Raises `KillahError`."""
    found: dict[str, float] = {}
    for part in text.split(","):
        name, equals, weight = part.strip().partition("=")
        try:
            value = float(weight) if equals else 1.0
        except ValueError:
            value = float("nan")
        if not name or not abs(value) < float("inf"):
            raise KillahError(f"{part!r} gives no adapter with a weight.", "For example: persona=0.5")
        found[name] = value
    return found


def _read(name: str, about: Manifest, folder: Path) -> Adapter:
    adapter = package.read(catalog.find(name, about.name), about, base_folder=folder)
    foreign.lora_only(adapter.card)
    return adapter


def _scores(mix: str, places: list[str], about: Manifest, folder: Path) -> Scores:
    """Learned scores of a mixture for the LoRAs in `places`, as `Composed` holds them."""
    learned = package.read(catalog.find(mix, about.name), about, base_folder=folder)
    members = learned.card.members
    picks = [members.index(place) if place in members else None for place in places]
    return {
        path.removesuffix(".scores"): tuple(np.nan if i is None else float(values[i]) for i in picks)
        for path, scores in learned.tensors.items()
        for values in [np.array(scores.astype(mx.float32))]
    }
