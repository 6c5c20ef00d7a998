"""LoRAs on a frozen base, loaded side by side and switched by a gate while the model runs.

    y = base(x) + ((x @ a) * gate) @ b     a (in, slots * rank)  gate (slots * rank,)  b (slots * rank, out)

Loading an adapter writes a slot. Everything else, taking one in, weighing several, leaving all out, only
changes `gate`; with nothing taken in, a layer is its base, bit for bit. INT4 weights are never touched.

A float base small enough to be held twice (a CPU dequantises such bases anyway) folds a blend into a copy
of its weights instead: the same sum, computed once when the blend is first used, at no cost a token. The
last few blends stay prepared, so that two tasks that take turns cost nothing either.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_unflatten

from killah import devices
from killah.errors import KillahError
from killah.gemma import merge
from killah.gemma.adapted import AdaptedLinear, State, find_linear, linear_shape
from killah.gemma.gemma3 import Gemma3

Merge = Literal["sum", "pico", "cat"]
Tensors = Mapping[str, mx.array]

PREPARED = 6  # blends kept ready
FOLD_LIMIT = 64_000_000  # bytes of one folded blend; a larger float base keeps its slots apart


@dataclass(frozen=True)
class Blend:
    """Which adapters a sequence is read with, how strongly, and how their deltas are merged.

    `scores` of a `cat` merge are learned: module path -> one number an adapter, in the order of `weights`;
    one that was not there when they were learned has nan, and counts whole.
    """

    weights: tuple[tuple[str, float], ...] = ()
    merge: Merge = "sum"
    scores: Mapping[str, tuple[float, ...]] | None = field(default=None, hash=False)

    @property
    def active(self) -> tuple[tuple[str, float], ...]:
        """Adapters whose weight is not zero."""
        return tuple((name, weight) for name, weight in self.weights if weight)


NOTHING = Blend()


@dataclass(frozen=True)
class Loaded:
    """An adapter in a slot. `identity` tells its contents apart from another of the same name."""

    slot: int
    rank: int
    scale: float
    identity: str
    modules: frozenset[str]


class AdapterStack:
    """The adapters of one model. Use it on the thread that owns the model."""

    def __init__(self, model: Gemma3) -> None:
        self._model = model
        self._dtype = model.model.norm.weight.dtype
        self._layers: dict[str, AdaptedLinear] = {}
        self._loaded: dict[str, Loaded] = {}
        self._rank = 0  # columns of a slot
        self._slots = 0
        self._prepared: OrderedDict[str, dict[str, State]] = OrderedDict()
        self.blend = NOTHING
        self.fingerprint = self.identify(NOTHING)

    @property
    def names(self) -> list[str]:
        """Adapters in memory."""
        return list(self._loaded)

    def load(self, name: str, tensors: Tensors, scale: float, identity: str = "") -> None:
        """Write an adapter into a free slot; it stays silent until a blend takes it in.

        `tensors` hold `PATH.lora_a` (in, rank) and `PATH.lora_b` (rank, out) for each adapted layer, which
        then adds `scale * (x @ a) @ b`. Raises `KillahError` where the base has no such layer or another
        shape, or the name is taken.
        """
        if name in self._loaded:
            raise KillahError(f"An adapter {name!r} is loaded already.", "Unload it first.")
        paths = [key.removesuffix(".lora_a") for key in tensors if key.endswith(".lora_a")]
        for path in paths:
            self._check(name, path, tensors)
        self._reserve(max(tensors[f"{path}.lora_a"].shape[1] for path in paths), paths)
        taken = {each.slot for each in self._loaded.values()}
        slot = next(i for i in range(self._slots) if i not in taken)
        for path in paths:
            a, b = tensors[f"{path}.lora_a"], tensors[f"{path}.lora_b"]
            self._layers[path].write(slot * self._rank, self._rank, a, b)
        identity = identity or _digest(tensors)
        rank = tensors[f"{paths[0]}.lora_a"].shape[1]
        self._loaded[name] = Loaded(slot, rank, scale, f"{identity}*{scale}", frozenset(paths))
        mx.eval([(layer.a, layer.b) for layer in self._layers.values()])

    def unload(self, name: str) -> None:
        """Free an adapter's slot; what is being read with it must be read anew."""
        loaded = self._loaded.pop(name, None)
        if loaded is None:
            raise KillahError(
                f"No adapter {name!r} is loaded.", f"Loaded: {', '.join(self.names) or 'none'}."
            )
        for path in loaded.modules:
            layer = self._layers[path]
            layer.write(loaded.slot * self._rank, self._rank, layer.a[:, :0], layer.b[:0])
        self._prepared.clear()
        if any(own == name for own, _ in self.blend.active):
            self.use(NOTHING)

    def use(self, blend: Blend) -> None:
        """Read and write with `blend` from now on: a gate write. Raises `KillahError` for one not loaded."""
        if blend == self.blend:
            return
        key = self.identify(blend)
        states = self._ready(key, blend) if blend.active else {}
        for path, layer in self._layers.items():
            layer.use(states.get(path))
        self.blend, self.fingerprint = blend, key

    def _ready(self, key: str, blend: Blend) -> dict[str, State]:
        """A blend's states, prepared when it is first used; those used longest ago are let go."""
        if key not in self._prepared:
            self._prepared[key] = {path: self._prepare(path, blend) for path in self._layers}
            mx.eval([list(vars(state).values()) for state in self._prepared[key].values()])
            while len(self._prepared) > PREPARED:
                self._prepared.popitem(last=False)
        self._prepared.move_to_end(key)
        return self._prepared[key]

    def identify(self, blend: Blend) -> str:
        """What keys and values computed with `blend` depend on, besides base and input."""
        missing = [name for name, _ in blend.active if name not in self._loaded]
        if missing:
            raise KillahError(
                f"No adapter {missing[0]!r} is loaded.", f"Loaded: {', '.join(self.names) or 'none'}."
            )
        if not blend.active:
            return "base"
        parts = [f"{self._loaded[name].identity}:{weight}" for name, weight in blend.active]
        scores = "" if blend.merge != "cat" else str(sorted((blend.scores or {}).items()))
        return hashlib.sha256("|".join([blend.merge, *parts, scores]).encode()).hexdigest()[:32]

    # Slots ------------------------------------------------------------------------------------------

    def _check(self, name: str, path: str, tensors: Tensors) -> None:
        a, b = tensors[f"{path}.lora_a"], tensors.get(f"{path}.lora_b")
        layer = self._layers.get(path) or find_linear(self._model, path)
        if layer is None or b is None:
            raise KillahError(
                f"The adapter {name!r} does not fit this base: {path}.", "Train it for this base."
            )
        width, out = linear_shape(layer)
        if a.ndim != 2 or b.ndim != 2 or (a.shape[0], b.shape[1]) != (width, out) or a.shape[1] != b.shape[0]:
            shapes = f"{tuple(a.shape)} and {tuple(b.shape)} on a layer ({width}, {out})"
            raise KillahError(
                f"The adapter {name!r} does not fit this base: {path} has {shapes}.",
                "Train it for this base.",
            )

    def _reserve(self, rank: int, paths: list[str]) -> None:
        """Room for one more adapter of `rank` on `paths`; what is loaded keeps its slot."""
        slots = max(self._slots, len(self._loaded) + 1)
        for path in paths:
            if path not in self._layers:
                base = find_linear(self._model, path)
                assert base is not None
                self._layers[path] = AdaptedLinear(base, *linear_shape(base), self._dtype)
                self._model.update_modules(tree_unflatten([(path, self._layers[path])]))
        wider = max(self._rank, rank)
        for layer in self._layers.values():
            layer.resize(self._rank, slots, wider)
        if (slots, wider) != (self._slots, self._rank):
            self._slots, self._rank = slots, wider
            self._prepared.clear()  # their gates have the old length
            blend, self.blend = self.blend, NOTHING
            self.use(blend)

    # Blends -----------------------------------------------------------------------------------------

    def _prepare(self, path: str, blend: Blend) -> State:
        layer = self._layers[path]
        here = [(n, w) for n, w in blend.active if path in self._loaded[n].modules]
        if not here or (blend.merge == "cat" and path not in (blend.scores or {})):
            return State()  # a mixture changes only the layers it was learned on
        gate = np.zeros(layer.a.shape[1], np.float32)
        for (name, weight), share in zip(here, shares(blend, path, [n for n, _ in here]), strict=True):
            gate[self._columns(name)] = weight * share * self._loaded[name].scale
        merged = self._calibrated(layer, gate, [n for n, _ in here]) if blend.merge == "pico" else None
        if merged is not None:
            gate = (gate != 0).astype(np.float32)
        if not self._folds:
            return State(mx.array(gate).astype(self._dtype), merged)
        columns = [self._columns(name) for name, _ in here]
        a = mx.concatenate([layer.a[:, each] * mx.array(gate[each]) for each in columns], axis=1)
        b = mx.concatenate([(layer.b if merged is None else merged)[each] for each in columns])
        assert isinstance(layer.base, nn.Linear)
        return State(folded=mx.addmm(layer.base.weight.T, a, b))

    def _calibrated(self, layer: AdaptedLinear, gate: np.ndarray, names: list[str]) -> mx.array:
        """b with the gate inside, its shared directions counted once."""
        parts = [self._columns(name) for name in names]
        a, b = np.array(layer.a.astype(mx.float32)), np.array(layer.b.astype(mx.float32)) * gate[:, None]
        merged = np.zeros_like(b)
        for part, value in zip(
            parts, merge.pico([a[:, p] for p in parts], [b[p] for p in parts]), strict=True
        ):
            merged[part] = value
        return mx.array(merged).astype(self._dtype)

    def _columns(self, name: str) -> slice:
        start = self._loaded[name].slot * self._rank
        return slice(start, start + self._loaded[name].rank)

    @property
    def _folds(self) -> bool:
        if devices.prepare().quantised_matmul:
            return False
        bases = [layer.base for layer in self._layers.values()]
        dense = [base.weight.nbytes for base in bases if isinstance(base, nn.Linear)]
        return len(dense) == len(bases) and sum(dense) <= FOLD_LIMIT


def shares(blend: Blend, path: str, names: list[str]) -> list[float]:
    """What each adapter's delta counts on a layer: one, or its learned share of all in `names`."""
    if blend.merge != "cat" or blend.scores is None:
        return [1.0 for _ in names]
    order = [name for name, _ in blend.weights]
    chosen = np.array([blend.scores[path][order.index(name)] for name in names])
    found, learned = np.ones(len(names)), ~np.isnan(chosen)
    found[learned] = merge.softmax(chosen[learned]) if learned.any() else 1.0
    return found.tolist()


def _digest(tensors: Tensors) -> str:
    """Identity of contents that come without one."""
    state = hashlib.sha256()
    for name in sorted(tensors):
        state.update(name.encode() + np.array(tensors[name].astype(mx.float32)).tobytes())
    return state.hexdigest()
