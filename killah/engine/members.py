"""The adapters at work on one base: loaded when a task first asks for them, blended as its table says."""

from dataclasses import dataclass

import mlx.core as mx
import numpy as np
from mlx.utils import tree_unflatten

from killah.adapters import catalog, package
from killah.adapters.card import AdapterCard
from killah.adapters.package import Adapter
from killah.engine import compositions
from killah.engine.compositions import Composition
from killah.engine.prompt import SoftToken, soft_tokens
from killah.errors import KillahError
from killah.gemma.base import Base
from killah.gemma.projector import Projector
from killah.gemma.stack import AdapterStack, Blend

PERSONA_PROJECTOR = "persona-projector"


@dataclass(frozen=True)
class Present:
    """What the prompt has in it besides text; a standing member is silent without its own."""

    persona: bool = False
    audio: bool = False

    def silences(self, name: str) -> bool:
        """Whether a member must wait."""
        return (name == "persona" and not self.persona) or (name == "audio" and not self.audio)


class Members:
    """The stack of one base, and its projectors. Use it on the MLX thread."""

    def __init__(self, base: Base) -> None:
        self.stack = AdapterStack(base.model)
        self._base = base
        self._found: dict[str, AdapterCard | None] = {}
        self._mixes: dict[str, Adapter] = {}
        self._projector: Projector | None = None
        self._tokens: dict[str, list[SoftToken]] = {}

    def blend(self, task: str, present: Present) -> Blend:
        """The blend of a task, its adapters loaded. Raises `KillahError` where one it needs is missing.

        Other members that are not installed for this base take no part.
        """
        composition = compositions.get(task)
        if composition.needs and self.card(composition.needs) is None:
            raise KillahError(
                f"There is no {composition.needs!r} adapter for {self._base.manifest.name}.",
                "Train one with killah train lora, or import one with killah adapters import.",
            )
        members = [(n, w) for n, w in composition.members.items() if w and self.card(n) is not None]
        weights = tuple((n, 0.0 if present.silences(n) else w) for n, w in members)
        for name, weight in weights:
            if weight and name not in self.stack.names:
                self._load(name)
        scores = self._scores(composition)
        merge = "sum" if composition.merge == "cat" and scores is None else composition.merge
        return Blend(weights, merge, scores)

    def persona_tokens(self, task: str, key: str, vector: np.ndarray | None) -> list[SoftToken]:
        """Soft tokens of a persona vector (width,) that `key` names; none where the task takes none."""
        wanted = "persona" in compositions.get(task).projectors and self.card(PERSONA_PROJECTOR) is not None
        if vector is None or not wanted:
            return []
        if key not in self._tokens:
            projector = self._persona_projector()
            if len(vector) != projector.norm_in.weight.shape[0]:
                return []  # the index was made with another embedder
            self._tokens = {key: soft_tokens(key, projector(mx.array(vector)))}
        return self._tokens[key]

    def card(self, name: str) -> AdapterCard | None:
        """The card of an adapter of this base, or None if there is none of that name."""
        if name not in self._found:
            here = {each.name: each for each in catalog.installed(self._base.manifest.name)}
            self._found[name] = here[name].card if name in here else None
            if name in here and here[name].card is None:
                raise KillahError(here[name].problem)
        return self._found[name]

    def _load(self, name: str) -> None:
        adapter = self._read(name, "lora")
        assert adapter.card.scale is not None
        self.stack.load(name, adapter.tensors, adapter.card.scale, adapter.card.sha256)

    def _read(self, name: str, kind: str) -> Adapter:
        adapter = package.read(catalog.find(name, self._base.manifest.name), self._base.manifest)
        if adapter.card.kind != kind:
            raise KillahError(f"The adapter {name!r} is a {adapter.card.kind}, not a {kind}.")
        return adapter

    def _persona_projector(self) -> Projector:
        if self._projector is None:
            adapter = self._read(PERSONA_PROJECTOR, "projector")
            width, tokens = adapter.card.input_width, adapter.card.soft_tokens
            assert width is not None and tokens is not None
            self._projector = Projector(width, self._base.model.config.hidden_size, tokens=tokens)
            self._projector.update(tree_unflatten(list(adapter.tensors.items())))
            self._projector.eval()
        return self._projector

    def _scores(self, composition: Composition) -> dict[str, tuple[float, ...]] | None:
        """Learned scores of a mixture, module path -> one an adapter, in the order of the blend's.

        None where none was learned for this base.
        """
        if composition.merge != "cat" or self.card(composition.mix) is None:
            return None
        if composition.mix not in self._mixes:
            self._mixes[composition.mix] = self._read(composition.mix, "mix")
        mix = self._mixes[composition.mix]
        order = [n for n, w in composition.members.items() if w and self.card(n) is not None]
        picks = [mix.card.members.index(name) if name in mix.card.members else None for name in order]
        return {
            path.removesuffix(".scores"): tuple(float(v[i]) if i is not None else np.nan for i in picks)
            for path, scores in mix.tensors.items()
            for v in [np.array(scores.astype(mx.float32))]
        }
