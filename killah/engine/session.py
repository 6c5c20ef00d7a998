"""A sequence the model has read, of which only what is new goes through the model.

Append, edit in the middle, delete: the session keeps the keys and values up to the first difference, and
none that another blend of adapters has computed.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import mlx.core as mx

from killah import devices
from killah.engine.prompt import Slot, SoftToken
from killah.gemma.gemma3 import Gemma3
from killah.gemma.stack import NOTHING, AdapterStack, Blend


class Session:
    """Keys and values of `slots`, and the logits (vocabulary,) of what follows them."""

    def __init__(self, model: Gemma3, stack: AdapterStack | None = None) -> None:
        self._model = model
        self._stack = stack or AdapterStack(model)  # all sessions of a model share one
        self._blend, self._fingerprint = NOTHING, self._stack.identify(NOTHING)
        self._chunk = devices.prepare().prefill_chunk  # positions between two interruption points
        self._cache = model.make_cache()
        self.slots: list[Slot] = []
        self._logits: mx.array | None = None
        # The end of the last prompt: typing inside a word asks for it again and again.
        self._mark: tuple[int, mx.array] | None = None
        self.computed = 0  # positions that went through the model so far

    @property
    def vocabulary(self) -> int:
        """Length of the logits."""
        return self._model.config.vocab_size

    @property
    def logits(self) -> mx.array:
        """Logits (vocabulary,) after the last slot."""
        assert self._logits is not None, "prefill first"
        return self._logits

    def prefill(self, slots: Sequence[Slot], blend: Blend = NOTHING) -> Iterator[None]:
        """Make the session hold exactly `slots`, read with `blend`, which it also goes on with.

        Yields between chunks, so that it can be interrupted; an interrupted prefill leaves the session
        shorter but right.
        """
        self._adopt(blend)
        same = _common(self.slots, slots)
        if self._mark and self._mark[0] == len(slots) == same:
            self._cut(same)
            self._logits = self._mark[1]
            return
        self._cut(min(same, len(slots) - 1))
        while len(self.slots) < len(slots):
            self._extend(slots[len(self.slots) : len(self.slots) + self._chunk])
            yield
        self._mark = (len(self.slots), self.logits)

    def feed(self, token: mx.array) -> None:
        """Send a token (scalar, perhaps not computed yet) through the model, without waiting.

        `commit` must follow once its value is known; until then the session can only be prefilled anew.
        """
        mx.async_eval(token)  # on its own: who waits for it must not wait for the forward pass too
        self._logits = self._forward(self._model.embed(token.reshape(1, 1)))
        mx.async_eval(self._logits)

    def commit(self, token: int) -> None:
        """Say which token `feed` was given."""
        self.slots.append(token)

    def step(self, token: int) -> None:
        """Append one token and wait for its logits."""
        self._extend([token])

    def _adopt(self, blend: Blend) -> None:
        """Read with another blend from now on; what the old one has read is worth nothing then."""
        fingerprint = self._stack.identify(blend)
        if fingerprint != self._fingerprint:
            self._cut(0)
        self._blend, self._fingerprint = blend, fingerprint

    def _cut(self, length: int) -> None:
        del self.slots[length:]
        for layer in self._cache:
            layer.trim(length)
        if self._mark and self._mark[0] > length:
            self._mark = None

    def _extend(self, new: Sequence[Slot]) -> None:
        self._logits = self._forward(self._embed(new))
        mx.eval(self._logits)
        self.slots += new

    def _forward(self, embedded: mx.array) -> mx.array:
        """(1, length, hidden) -> logits (vocabulary,) after the last position."""
        self._stack.use(self._blend)  # other sessions share the model, and take turns with this one
        self.computed += embedded.shape[1]
        return self._model.head(self._model.hidden(embedded, self._cache)[:, -1])[0]

    def _embed(self, slots: Sequence[Slot]) -> mx.array:
        """(1, length, hidden): token embeddings with soft tokens spliced in."""
        runs = [(soft, list(run)) for soft, run in groupby(slots, lambda s: isinstance(s, SoftToken))]
        parts = [
            mx.stack([s.vector for s in run if isinstance(s, SoftToken)])[None]
            if soft
            else self._model.embed(mx.array(run)[None])
            for soft, run in runs
        ]
        dtype = self._model.model.norm.weight.dtype
        return (
            mx.concatenate([p.astype(dtype) for p in parts], axis=1)
            if len(parts) > 1
            else parts[0].astype(dtype)
        )


def _common(a: Sequence[Slot], b: Sequence[Slot]) -> int:
    """Length of the common prefix."""
    for index, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return index
    return min(len(a), len(b))
