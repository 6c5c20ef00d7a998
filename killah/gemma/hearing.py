"""How a base reads speech: the soft tokens of a chunk, the words that end in it, `<sil>`, the next chunk.

`<sil>` says that there is nothing more for now: alone it stands for a pause. A base whose tokenizer has no
such token says it with its end of text. (Chunks with their words as in SpeechLLM-XL, Jia et al. 2024, arXiv
2410.03752.)
"""

from collections.abc import Iterable, Iterator, Sequence

import mlx.core as mx
import numpy as np

from killah.gemma.gemma3 import Gemma3
from killah.gemma.tokenizer import Tokenizer

CHUNK = 0.96  # seconds of speech before the words that end in them
LAG = 0.08  # seconds after a word's last letter that tell that it has ended
LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyz' ")
SOFT = -1  # stands for a soft token among ids


def silence(tokenizer: Tokenizer) -> int:
    """Id of `<sil>`, or of what stands for it."""
    found = tokenizer.find("<sil>")
    return tokenizer.id("<eos>") if found is None else found


def closed(tokenizer: Tokenizer, vocabulary: int) -> np.ndarray:
    """Added to logits (vocabulary,) where words are written as they are said: only `LETTERS` and `<sil>`.

    A small base has never read many of its tokens, `<sil>` among them. They are one vector to it, so that
    `<sil>` could get no more than its share of what they have together.
    """
    found = np.full(vocabulary, -np.inf, np.float32)
    for number, token in enumerate(tokenizer.token_bytes):
        if token and LETTERS.issuperset(token):
            found[number] = 0.0
    found[silence(tokenizer)] = 0.0
    return found


def chunk_tokens(seconds_per_token: float) -> int:
    """Soft tokens of a chunk."""
    return max(1, round(CHUNK / seconds_per_token))


def spelled(words: Iterable[str], tokenizer: Tokenizer) -> list[int]:
    """Ids of words as they are written behind a chunk."""
    return [i for word in words for i in tokenizer.encode(f" {word}")]


def laid_out(
    words: Sequence[str],
    ends: Sequence[float],
    tokens: int,
    seconds_per_token: float,
    tokenizer: Tokenizer,
) -> Iterator[tuple[list[int], bool]]:
    """Places of `tokens` soft tokens, chunk by chunk, and ids of the words that end in each, in seconds.

    With every piece, whether the base writes it.
    """
    chunk = chunk_tokens(seconds_per_token)
    last = -(-tokens // chunk) - 1
    places = [min(int((end + LAG) / (chunk * seconds_per_token)), last) for end in ends]
    for number in range(last + 1):
        yield [SOFT] * min(chunk, tokens - number * chunk), False
        said = [word for word, place in zip(words, places, strict=True) if place == number]
        yield [*spelled(said, tokenizer), silence(tokenizer)], True


def spliced(ids: np.ndarray, soft: mx.array, model: Gemma3) -> mx.array:
    """Ids (rows, length) -> (rows, length, hidden), `soft` (tokens, hidden) in place, row after row."""
    places = ids == SOFT
    order = np.where(places, np.cumsum(places).reshape(places.shape) - 1, 0)
    hard = model.embed(mx.array(np.maximum(ids, 0)))
    return mx.where(mx.array(places)[..., None], soft[mx.array(order)].astype(hard.dtype), hard)
