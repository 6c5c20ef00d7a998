"""The lengths of sentences, as shares of a histogram: what the picture of a persona shows of its rhythm."""

from collections.abc import Iterable

import numpy as np

from killah.persona.sentences import sentences, words

STEP, BINS = 5, 11  # words; the last bin has every longer sentence


def histogram(passages: Iterable[str]) -> np.ndarray:
    """Shares (BINS,) of sentences of 1-5, 6-10, ... words; zeros without any sentence."""
    lengths = [
        len(words(sentence))
        for passage in passages
        for paragraph in passage.split("\n\n")
        for sentence in sentences(paragraph)
    ]
    bins = [min((length - 1) // STEP, BINS - 1) for length in lengths if length]
    return np.bincount(bins, minlength=BINS) / max(len(bins), 1)
