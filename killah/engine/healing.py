"""Which tokens may come next: those that agree with what the writer has already typed."""

from collections.abc import Sequence

import mlx.core as mx
import numpy as np

from killah.gemma.tokenizer import Tokenizer


class Healing:
    """Holds an answer's beginning to the `required` bytes (token healing).

    The prompt stops before the word the writer is in; the model begins that word anew, with the tokens it
    would have used, and is held to the letters that are there. Special tokens never come, but for `ends`
    once something was written; what is written first never begins one of `beside`. `size` is the length of
    the logits, which may exceed the vocabulary.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        size: int,
        required: bytes,
        ends: Sequence[int] = (),
        beside: Sequence[bytes] = (),
    ) -> None:
        self._tokenizer = tokenizer
        self._beside = beside
        self._size = size
        self._rest = required
        self._begun = False
        self._speech = self._only(tokenizer.audible)
        self._free = self._only(np.concatenate([tokenizer.audible, np.array(ends, dtype=np.int32)]))

    def mask(self, logits: mx.array) -> mx.array:
        """Logits (vocabulary,) as float32, -inf where a token does not fit."""
        if self._rest:
            allowed = self._only(self._tokenizer.beginning_with(self._rest))
        else:
            allowed = self._free if self._begun else self._speech
        if self._beside and not self._begun:
            allowed = allowed + self._apart()
        return logits.astype(mx.float32) + allowed

    def take(self, token: int) -> bytes:
        """Accept `token`; what it adds beyond the required bytes."""
        text = self._tokenizer.token_bytes[token]
        new = text[len(self._rest) :]
        self._rest = self._rest[len(text) :]
        self._begun = self._begun or bool(new)
        return new

    def _apart(self) -> mx.array:
        """-inf for every token with which a text beside begins, (vocabulary,)."""
        bias = np.zeros(self._size, dtype=np.float32)
        for text in self._beside:
            whole = self._rest + text
            for end in range(len(self._rest) + 1, len(whole) + 1):
                if (token := self._tokenizer.id_of.get(whole[:end])) is not None:
                    bias[token] = -np.inf
        return mx.array(bias)

    def _only(self, ids: np.ndarray) -> mx.array:
        bias = np.full(self._size, -np.inf, dtype=np.float32)
        bias[ids] = 0
        return mx.array(bias)
