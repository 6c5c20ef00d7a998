"""The adapters at work on one base: loaded when a task first asks for them, blended as its table says."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log

import mlx.core as mx
import numpy as np

from killah.adapters import catalog, package, personal, projectors
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
CODES = "codes"  # the adapter with soft tokens of control codes


@dataclass(frozen=True)
class InUse:
    """A persona at work: its part of a blend of personas, and what its LoRA counts."""

    name: str
    share: float = 1.0
    lora: float = 1.0


@dataclass(frozen=True)
class Present:
    """What the prompt has in it besides text; a standing member is silent without its own."""

    persona: bool = False
    audio: bool = False
    personas: tuple[InUse, ...] = ()

    def silences(self, name: str) -> bool:
        """Whether a member must wait."""
        return (name == "persona" and not self.persona) or (name == "audio" and not self.audio)


@dataclass(frozen=True)
class Reads:
    """What the persona projector reads: vectors (width,).

    `sharpness` (2,) is that of the attention over passages that makes them (`killah.persona.attention`); None
    where they are a mean.
    """

    width: int
    sharpness: np.ndarray | None


@dataclass(frozen=True)
class _Part:
    """A LoRA of a blend: in whose place it stands, its weight there, and its share of that place."""

    name: str
    place: str
    weight: float
    share: float = 1.0


class Members:
    """The stack of one base, and its projectors. Use it on the MLX thread."""

    def __init__(self, base: Base) -> None:
        self.stack = AdapterStack(base.model)
        self._base = base
        self._found: dict[str, AdapterCard | None] = {}
        self._mixes: dict[str, Adapter] = {}
        self._projector: Projector | None = None
        self._reads: Reads | None = None
        self._tokens: dict[str, list[SoftToken]] = {}
        self._codes: dict[str, list[SoftToken]] | None = None

    def blend(self, task: str, present: Present) -> Blend:
        """The blend of a task, its adapters loaded. Raises `KillahError` where one it needs is missing.

        Other members that are not installed for this base take no part.
        """
        return self.compose(compositions.get(task), present)

    def compose(self, composition: Composition, present: Present) -> Blend:
        """`blend` of a composition that need not be in the table."""
        if composition.needs and self.card(composition.needs) is None:
            raise KillahError(
                f"There is no {composition.needs!r} adapter for {self._base.manifest.name}.",
                "Train one with killah train lora, or import one with killah adapters import.",
            )
        parts = list(self._parts(composition, present))
        for part in parts:
            if part.weight and part.name not in self.stack.names:
                self._load(part.name)
        mix = self._mix(composition)
        merge = "sum" if composition.merge == "cat" and mix is None else composition.merge
        mixed = mix.card.members if mix else []
        # A mixture deals a place out by its scores, anything else by weight.
        weights = tuple((p.name, p.weight * (1.0 if p.place in mixed else p.share)) for p in parts)
        return Blend(weights, merge, _scores(mix, parts) if mix else None)

    def codes(self) -> dict[str, list[SoftToken]]:
        """Soft tokens of each control code that has been tuned for this base; none where none has."""
        if self._codes is None:
            tensors = self._read(CODES, "codes").tensors if self.card(CODES) else {}
            self._codes = {name: soft_tokens(f"code {name}", each) for name, each in tensors.items()}
        return self._codes

    def persona_tokens(self, key: str, vector: np.ndarray) -> list[SoftToken]:
        """Soft tokens of a persona vector (width,) that `key` names; none where no projector reads it."""
        reads = self.persona_reads()
        if reads is None or len(vector) != reads.width:
            return []  # the index was made with another embedder
        if key not in self._tokens:
            self._tokens = {key: soft_tokens(key, self.project(vector))}
        return self._tokens[key]

    def project(self, vectors: np.ndarray) -> mx.array:
        """Soft tokens (..., k, hidden) of persona vectors (..., width), which `persona_reads` describes."""
        projector = self._persona_projector()
        assert projector is not None, "ask persona_reads first"
        return projector(mx.array(vectors))

    def persona_reads(self) -> Reads | None:
        """What the persona projector reads; None where none is installed."""
        return self._reads if self._persona_projector() is not None else None

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

    def _persona_projector(self) -> Projector | None:
        if self._projector is None and self.card(PERSONA_PROJECTOR) is not None:
            adapter = self._read(PERSONA_PROJECTOR, "projector")
            sharpness = adapter.tensors.get(projectors.SHARPNESS)
            width = adapter.card.input_width or 0
            self._reads = Reads(width, None if sharpness is None else np.array(sharpness))
            self._projector = projectors.module(adapter)
        return self._projector

    def _parts(self, composition: Composition, present: Present) -> Iterator[_Part]:
        """Every LoRA of a composition that is installed, those that are silent with a weight of zero."""
        for name, weight in composition.members.items():
            if name == "persona":
                yield from self._personas(weight, present)
            elif weight and self.card(name) is not None:
                yield _Part(name, name, 0.0 if present.silences(name) else weight)

    def _personas(self, weight: float, present: Present) -> Iterator[_Part]:
        """The LoRAs of the personas in use, and the standing member `persona` for those that have none.

        The table's `weight` is that of the standing member; where it is zero, a persona's own still counts.
        """
        rest = list(present.personas)
        for each in present.personas:
            if self.card(own_lora(each.name)) is not None:
                rest.remove(each)
                yield _Part(own_lora(each.name), "persona", each.lora * (weight or 1.0), each.share)
        share = sum(each.share for each in rest) if present.personas else 1.0
        if weight and share and self.card("persona") is not None:
            lora = sum(each.share * each.lora for each in rest) / share if rest else 1.0
            wanted = 0.0 if present.silences("persona") else weight * lora
            yield _Part("persona", "persona", wanted, share)

    def _mix(self, composition: Composition) -> Adapter | None:
        """The learned mixture of a composition; None where none was learned for this base."""
        if composition.merge != "cat" or self.card(composition.mix) is None:
            return None
        if composition.mix not in self._mixes:
            self._mixes[composition.mix] = self._read(composition.mix, "mix")
        return self._mixes[composition.mix]


def own_lora(persona: str) -> str:
    """Name of the LoRA that is a persona's own."""
    return personal.PREFIX + persona


def _scores(mix: Adapter, parts: list[_Part]) -> dict[str, tuple[float, ...]]:
    """Learned scores of a mixture, module path -> one a LoRA, in the order of the blend's.

    LoRAs that share a place share its part of the softmax: each has the place's score and the logarithm of
    its share. One that was not there when the mixture was learned has nan.
    """
    members = mix.card.members
    picks = [members.index(part.place) if part.place in members else None for part in parts]
    return {
        path.removesuffix(".scores"): tuple(
            np.nan if pick is None else float(values[pick]) + log(part.share)
            for pick, part in zip(picks, parts, strict=True)
        )
        for path, scores in mix.tensors.items()
        for values in [np.array(scores.astype(mx.float32))]
    }
