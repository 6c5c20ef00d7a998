"""Whether what the microphone heard is our own voice from the loudspeaker: told by the words.

There is no echo cancellation: what is heard is compared, letter by letter, with the nearest part of what is
being said. A recogniser hears an echo badly, so much may differ: what ear-nano made of eight spoken answers
was 0.62 to 0.89 like them, but for one with a year in it (0.41); of nine questions, each beside all eight
answers, two of 72 were above 0.55, both in words of the answer.
"""

import numpy as np

ALIKE = 0.55  # of the letters heard, from which on it is our own voice


def likeness(heard: str, said: str) -> float:
    """How much of `heard` is some part of `said`, 0 to 1: one minus the edit distance to it, a letter."""
    letters, text = _letters(heard), _letters(said)
    if not letters or not text:
        return 0.0
    # Sellers 1980: a row of zeros lets the part begin anywhere, the least of the last row end anywhere.
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    places = np.arange(len(codes) + 1)
    row = np.zeros(len(codes) + 1, np.int64)
    for letter in np.frombuffer(letters.encode("utf-32-le"), np.uint32):
        step = np.minimum(row[:-1] + (codes != letter), row[1:] + 1)
        new = np.concatenate([[row[0] + 1], step])
        row = np.minimum.accumulate(new - places) + places  # a letter of the text left out
    return 1.0 - float(row.min()) / len(letters)


def own(heard: str, said: str) -> bool:
    """Whether `heard` is more likely an echo of `said` than somebody else."""
    return likeness(heard, said) >= ALIKE


def _letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
