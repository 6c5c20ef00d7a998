"""An export beside the original: another program's logits against Killah's own, on the same tokens."""

from collections.abc import Callable
from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from killah.errors import KillahError
from killah.export.composed import Composed
from killah.gemma import base
from killah.gemma.gemma3 import Config
from killah.gemma.stack import NOTHING
from killah.gemma.tokenizer import Tokenizer

LAST = 64  # positions that are compared; each depends on all before it
USUAL_LIMIT = 1e9  # parameters up to which an export is checked without being asked for

Logits = Callable[[list[int], int], np.ndarray]  # ids, last -> (last, vocabulary)


@dataclass(frozen=True)
class Check:
    """How two programs agree on `positions` positions; the figures are of logits."""

    program: str
    positions: int
    difference: float
    """The largest."""
    relative: float
    """Root mean square of the difference beside that of the logits."""
    effect: float
    """The largest change that the LoRAs make."""
    same: int
    """Positions where both find the same token likeliest."""

    def __str__(self) -> str:
        effect = f" (the LoRAs change them by up to {self.effect:.3g})" if self.effect else ""
        return (
            f"{self.program} computes the same: logits differ by at most {self.difference:.2g}{effect}, "
            f"the likeliest token is the same at {self.same} of {self.positions} positions."
        )


def check(composed: Composed, program: str, logits: Logits, tolerance: float) -> Check:
    """Compare, and raise `KillahError` where the difference is more than `tolerance` of the logits."""
    ids = tokens(composed)
    last = min(LAST, len(ids))
    alone, ours = reference(composed, ids, last)
    theirs = logits(ids, last)[:, : ours.shape[1]]
    relative = float(np.sqrt(np.mean((ours - theirs) ** 2) / np.mean(ours**2)))
    if not relative <= tolerance:  # nan is not
        raise KillahError(
            f"{program} computes something else from the export: logits are off by {relative:.0%}.",
            "Nothing was written. Please report this.",
        )
    return Check(
        program,
        last,
        float(np.abs(ours - theirs).max()),
        relative,
        float(np.abs(ours - alone).max()),
        int((ours.argmax(1) == theirs.argmax(1)).sum()),
    )


def tokens(composed: Composed) -> list[int]:
    """Ids to compare on: enough that sliding layers slide. Chosen by chance, which every layer hates most."""
    config = Config.of(composed.folder)
    tokenizer = Tokenizer(composed.folder)
    count = min(config.max_position_embeddings, config.sliding_window + LAST)
    return [tokenizer.bos, *np.random.default_rng(0).choice(tokenizer.audible, count - 1).tolist()]


def reference(composed: Composed, ids: list[int], last: int) -> tuple[np.ndarray, np.ndarray]:
    """What MLX computes after the `last` ids: base alone, and the composition. In float32 on any device."""
    model = base.load_float32(composed.folder, composed.about)
    stack = composed.stack(model)
    found = []
    for blend in (NOTHING, composed.blend):
        stack.use(blend)
        hidden = model.hidden(model.embed(mx.array([ids])), model.make_cache())[0, -last:]
        found.append(np.array(model.head(hidden)))
    return found[0], found[1]
