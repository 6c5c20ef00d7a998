"""The commonest word forms of Russian, by rank: `killah.persona.russian` knows frequencies by it."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from killah.persona.sentences import words

KEPT = 6000
MOST = 2_000_000  # characters read of an author


def ranked(texts: Iterable[str]) -> list[str]:
    """The `KEPT` commonest words in lower case, ё as е, by the mean of their shares in each text."""
    shares: defaultdict[str, float] = defaultdict(float)
    for text in texts:
        found = Counter(word.lower().replace("ё", "е") for word in words(text[:MOST]))
        total = found.total()
        for word, count in found.items():
            shares[word] += count / total
    return sorted(sorted(shares), key=lambda word: -shares[word])[:KEPT]
