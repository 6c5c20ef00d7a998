"""Cross-entropy of the tokens that are to be learned."""

from collections.abc import Callable

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from killah.gemma.gemma3 import Gemma3
from killah.training.data import Batch

LOGITS = 512_000_000  # bytes of logits that exist at a time; beyond that they are made in pieces, twice


def token_nats(
    model: Gemma3,
    batch: Batch,
    *,
    checkpoint: bool = False,
    prefix: mx.array | None = None,
    embed: Callable[[mx.array], mx.array] | None = None,
    closed: mx.array | None = None,
) -> mx.array:
    """Negative log-likelihood in nats of every learned token of a batch, (tokens,), row by row.

    `prefix` (rows, k, hidden) are soft tokens put between the first token and the rest; `embed` stands for
    the model's, where there are ids that it does not know; `closed` (vocabulary,) is added to the logits. The
    head runs only on the positions before a learned token.
    """
    x = (embed or model.embed)(mx.array(batch.ids[:, :-1]))
    soft = 0 if prefix is None else prefix.shape[1]
    if prefix is not None:
        x = mx.concatenate([x[:, :1], prefix.astype(x.dtype), x[:, 1:]], axis=1)
    hidden = model.read_whole(x, checkpoint=checkpoint)
    rows, columns = np.nonzero(batch.learned[:, 1:])
    # A target right after <bos> is predicted from the last soft token.
    places = mx.array(rows * hidden.shape[1] + columns + soft)
    hidden = hidden.reshape(-1, hidden.shape[-1])[places]
    targets = mx.array(batch.ids[:, 1:][rows, columns])
    size = max(1, LOGITS // (4 * model.config.vocab_size))

    def nats(part: mx.array, wanted: mx.array) -> mx.array:
        logits = model.head(part).astype(mx.float32)
        return nn.losses.cross_entropy(logits if closed is None else logits + closed, wanted)

    if len(targets) <= size:
        return nats(hidden, targets)
    again = mx.checkpoint(nats)
    cuts = range(0, len(targets), size)
    return mx.concatenate([again(hidden[i : i + size], targets[i : i + size]) for i in cuts])
