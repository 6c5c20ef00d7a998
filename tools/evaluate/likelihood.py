"""What a base model charges for text: negative log-likelihoods in float32, `<bos>` in front."""

from collections.abc import Sequence

import mlx.core as mx
import numpy as np

from killah.gemma.base import Base

WINDOW = 512  # tokens a sequence, <bos> included
BATCH = 4
HEAD = 256  # positions whose logits exist at a time


def sequences(base: Base, texts: Sequence[str]) -> list[list[int]]:
    """`<bos>` and the tokens of each text, at most `WINDOW`."""
    return [[base.tokenizer.bos, *base.tokenizer.encode(text)][:WINDOW] for text in texts]


def sizes(base: Base, tokens: Sequence[Sequence[int]]) -> np.ndarray:
    """UTF-8 bytes that each sequence predicts, (sequences,)."""
    return np.array([sum(len(base.tokenizer.token_bytes[t]) for t in s[1:]) for s in tokens])


def nats(base: Base, tokens: Sequence[Sequence[int]]) -> np.ndarray:
    """Total negative log-likelihood of each sequence's tokens after its first, (sequences,) float64."""
    order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
    total = np.zeros(len(tokens))
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        total[chosen] = _batch(base, [tokens[i] for i in chosen])
    return total


def _batch(base: Base, tokens: list[Sequence[int]]) -> np.ndarray:
    length = max(map(len, tokens))
    # Padding stands behind the text, where a causal model cannot see it from.
    padded = np.array([[*s, *[0] * (length - len(s))] for s in tokens])
    counts = np.arange(length - 1)[None] < np.array([len(s) - 1 for s in tokens])[:, None]
    model = base.model
    hidden = model.hidden(model.embed(mx.array(padded[:, :-1])), model.make_cache()).astype(mx.float32)
    flat = hidden.reshape(-1, hidden.shape[-1])
    costs = _token_costs(base, flat, padded[:, 1:].flatten()).reshape(counts.shape)
    return np.where(counts, costs, 0.0).sum(axis=1)


def _token_costs(base: Base, hidden: mx.array, targets: np.ndarray) -> np.ndarray:
    """-log p of each target, (positions,) float64; logits exist for `HEAD` positions at a time."""
    parts = []
    for start in range(0, len(targets), HEAD):
        logits = base.model.head(hidden[start : start + HEAD]).astype(mx.float32)
        target = mx.array(targets[start : start + HEAD])[:, None]
        cost = mx.logsumexp(logits, axis=-1) - mx.take_along_axis(logits, target, axis=-1)[:, 0]
        parts.append(np.array(cost, dtype=np.float64))
    return np.concatenate(parts)
