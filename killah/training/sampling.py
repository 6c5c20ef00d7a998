"""Texts that a model writes on from beginnings, several at a time: to see what training made of it."""

from collections.abc import Sequence

import mlx.core as mx
import numpy as np

from killah.gemma.gemma3 import Gemma3
from killah.gemma.tokenizer import Tokenizer

BATCH = 12  # texts at a time


def write_on(
    model: Gemma3,
    tokenizer: Tokenizer,
    beginnings: Sequence[Sequence[int]],
    *,
    tokens: int,
    min_p: float,
    temperature: float,
    seed: int = 0,
) -> list[str]:
    """What follows each beginning (ids, `<bos>` first), at most `tokens` tokens each, in order.

    Tokens are drawn as the product draws them: by min-p (Nguyen et al. 2024, arXiv 2407.01082) at
    temperature 1, then with `temperature`. A text ends where the model ends it.
    """
    mx.random.seed(seed)
    texts = [""] * len(beginnings)
    order = sorted(range(len(beginnings)), key=lambda i: len(beginnings[i]))
    while order:
        length = len(beginnings[order[0]])
        batch = [i for i in order[:BATCH] if len(beginnings[i]) == length]
        order = order[len(batch) :]
        written = _batch(model, tokenizer, [beginnings[i] for i in batch], tokens, min_p, temperature)
        for i, ids in zip(batch, written, strict=True):
            texts[i] = tokenizer.decode(ids)
    return texts


def _batch(
    model: Gemma3,
    tokenizer: Tokenizer,
    beginnings: Sequence[Sequence[int]],
    tokens: int,
    min_p: float,
    temperature: float,
) -> list[list[int]]:
    """Ids that follow beginnings of one length, each up to the model's end of text."""
    eos = model.config.eos_token_id
    ends = set(eos if isinstance(eos, list) else [eos])
    allowed = np.full(model.config.vocab_size, -np.inf, np.float32)
    allowed[[*tokenizer.audible, *ends]] = 0.0
    mask, floor = mx.array(allowed), mx.log(mx.array(min_p)) if min_p else mx.array(-mx.inf)
    cache, drawn, new = model.make_cache(), [], mx.array(np.array(beginnings))
    for _ in range(tokens):
        logits = model.head(model.hidden(model.embed(new), cache)[:, -1]).astype(mx.float32) + mask
        kept = mx.where(logits < mx.max(logits, axis=-1, keepdims=True) + floor, -mx.inf, logits)
        new = mx.random.categorical(kept / temperature)[:, None]
        mx.eval(new)
        drawn.append(np.array(new)[:, 0])
        if all(ends & set(row) for row in np.stack(drawn, axis=1).tolist()):
            break
    return [_until(row, ends) for row in np.stack(drawn, axis=1).tolist()]


def _until(ids: list[int], ends: set[int]) -> list[int]:
    return next((ids[:place] for place, each in enumerate(ids) if each in ends), ids)
