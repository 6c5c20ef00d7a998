"""What the model of intents looks at in an utterance: words where they stand, runs of them, letters.

A feature is a name. Names are hashed into `BUCKETS` places (Weinberger et al. 2009, "Feature hashing"), so
that the model of a language is one matrix of weights.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np

from killah.audio.commands.parts import kind
from killah.audio.commands.tables import Table

BUCKETS = 1 << 14
LONGEST = 30  # words; longer utterances are dictated

_LENGTHS = (2, 3, 5, 8, 12, 20)
_AHEAD = 4  # words at the beginning whose place counts


def features(words: Sequence[str], table: Table) -> set[str]:
    """The features of an utterance: words in lower case, hesitations and courtesy left out."""
    kinds = [_kind(word, table) for word in words]
    return {
        f"length {sum(len(words) > each for each in _LENGTHS)}",
        *_runs("word", words),
        *_runs("kind", kinds),
        *(f"has {each}" for each in kinds if each[0] == "<"),
        *(f"starts {word} {each}" for word in words[:1] for each in kinds if each[0] == "<"),
        *(f"place {place} {word}" for place, word in enumerate(words[:_AHEAD])),
        *(f"ends {word}" for word in [*words[-1:], *kinds[-1:]]),
        *(f"letters {letters}" for word in words for letters in _letters(word)),
    }


def places(names: set[str]) -> np.ndarray:
    """Where features are in the matrix of weights, (features,) int64, each place once."""
    return np.array(sorted({_place(name) for name in names}), np.int64)


@lru_cache(maxsize=100_000)
def _place(name: str) -> int:
    return crc32(name.encode()) % BUCKETS


@lru_cache(maxsize=100_000)
def _kind(word: str, table: Table) -> str:
    """What a word says of a part of a text ("<sentence>", "<last>"), or else itself."""
    found = kind(word, table)
    return f"<{found}>" if found else word


def _runs(name: str, words: Sequence[str]) -> Iterator[str]:
    edged = ["^", *words, "$"]
    for size in (1, 2, 3):
        for run in zip(*(edged[start:] for start in range(size)), strict=False):
            yield f"{name} {' '.join(run)}"


def _letters(word: str) -> Iterator[str]:
    """Runs of four letters, so that a misspelled or an inflected word is not lost."""
    edged = f"^{word}$"
    yield from (edged[start : start + 4] for start in range(max(1, len(edged) - 3)))
