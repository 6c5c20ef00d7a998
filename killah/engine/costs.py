"""What a model charges for text it is shown: nats of every token, many texts at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import mlx.core as mx
import numpy as np

from killah.gemma.gemma3 import Gemma3

BATCH = 4
STREAMS = 2  # batches under way: MLX runs one stream on one core of a CPU
LOGITS = 128_000_000  # bytes of logits that exist at a time


@dataclass(frozen=True)
class Reading:
    """Ids from `<bos>` on, of which those from `start` on are charged, with soft tokens behind `<bos>`.

    `soft` is (k, hidden), or None.
    """

    ids: list[int]
    start: int
    soft: mx.array | None = None

    @property
    def width(self) -> int:
        """Soft tokens."""
        return 0 if self.soft is None else self.soft.shape[0]


class Costs:
    """Reads with the adapters that are in use at the call. Use it on the thread that owns the model."""

    def __init__(self, model: Gemma3) -> None:
        self._model = model
        self._streams = [mx.default_stream(mx.default_device())]
        if mx.default_device() == mx.cpu:
            self._streams += [mx.new_stream(mx.cpu) for _ in range(STREAMS - 1)]

    def nats(self, readings: Sequence[Reading]) -> list[np.ndarray]:
        """Negative log-likelihood of the charged tokens of each reading, (tokens,) float32 each."""
        found: list[np.ndarray] = [np.zeros(0, np.float32)] * len(readings)
        waiting: list[tuple[list[int], mx.array]] = []
        for number, chosen in enumerate(_batches(readings)):
            with mx.stream(self._streams[number % len(self._streams)]):
                costs = self._batch([readings[i] for i in chosen])
                mx.async_eval(costs)
            waiting.append((chosen, costs))
            if len(waiting) == len(self._streams):
                _collect(found, readings, *waiting.pop(0))
        for chosen, costs in waiting:
            _collect(found, readings, chosen, costs)
        return found

    def _batch(self, readings: list[Reading]) -> mx.array:
        """Costs (tokens,) of all charged tokens, reading by reading, all with as many soft tokens."""
        length = max(len(each.ids) for each in readings)
        # Padding stands behind the text, where a causal model cannot see it from.
        ids = np.array([[*each.ids, *[0] * (length - len(each.ids))] for each in readings])
        x = self._model.embed(mx.array(ids[:, :-1]))
        soft = [each.soft for each in readings if each.soft is not None]
        width = readings[0].width
        if soft:
            x = mx.concatenate([x[:, :1], mx.stack(soft).astype(x.dtype), x[:, 1:]], axis=1)
        hidden = self._model.read_whole(x)
        # A token right behind <bos> is predicted from the last soft token.
        places = [
            (row, at - 1 + width) for row, r in enumerate(readings) for at in range(r.start, len(r.ids))
        ]
        targets = np.concatenate([each.ids[each.start :] for each in readings])
        flat = hidden.reshape(-1, hidden.shape[-1])
        picked = flat[mx.array([row * hidden.shape[1] + place for row, place in places])]
        size = max(1, LOGITS // (4 * self._model.config.vocab_size))
        return mx.concatenate(
            [self._charge(picked[i : i + size], targets[i : i + size]) for i in range(0, len(targets), size)]
        )

    def _charge(self, hidden: mx.array, targets: np.ndarray) -> mx.array:
        """-log p of each target, (positions,)."""
        logits = self._model.head(hidden).astype(mx.float32)
        own = mx.take_along_axis(logits, mx.array(targets)[:, None], axis=-1)[:, 0]
        return mx.logsumexp(logits, axis=-1) - own


def _batches(readings: Sequence[Reading]) -> Iterator[list[int]]:
    """Places of readings that are read together: as many soft tokens, about as long."""
    order = sorted(range(len(readings)), key=lambda i: (readings[i].width, len(readings[i].ids)))
    for _, alike in groupby(order, key=lambda i: readings[i].width):
        chosen = list(alike)
        yield from (chosen[first : first + BATCH] for first in range(0, len(chosen), BATCH))


def _collect(
    found: list[np.ndarray], readings: Sequence[Reading], chosen: list[int], costs: mx.array
) -> None:
    """Hand a batch's costs back to its readings."""
    ends = np.cumsum([len(readings[i].ids) - readings[i].start for i in chosen])[:-1]
    for i, own in zip(chosen, np.split(np.array(costs), ends), strict=True):
        found[i] = own
