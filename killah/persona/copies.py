"""Passages that the owner's documents hold twice: near copies, and passages quoted from one in another.

Passages that share a run of words are looked up by fingerprints (winnowing; Schleimer, Wilkerson, Aiken
2003): of every `_WINDOW` runs of `_SHINGLE` words in a row the one with the smallest hash is kept. Two texts
that share `_WINDOW + _SHINGLE - 1` = 20 words in a row share a fingerprint.
What is found is then compared word by word; fingerprints decide nothing.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from zlib import crc32

from killah.persona.sentences import sentences

VERSION = "copies-1"
SHORTEST = 25  # words: a shorter quotation is left where it stands

_TOKEN = re.compile(r"\w+")  # numbers too: two lists of figures are not one
_SHINGLE, _WINDOW = 5, 16
_NEAR = 0.8  # of a text's words, in runs of `_SHINGLE` that the other text has too, make it a copy
_MOST = 8  # passages compared with one


@dataclass(frozen=True)
class Part:
    """A passage, or a piece of one; `original` is the digest of the stored passage that it repeats."""

    text: str
    original: bytes | None = None


Candidates = Sequence[tuple[bytes, str]]  # passages that may hold the same words: digest, text


def fingerprints(text: str) -> set[int]:
    """32-bit fingerprints of a passage; none where it has fewer than five words."""
    hashes = [crc32(" ".join(shingle).encode()) for shingle in _shingles(_tokens(text))]
    return {min(hashes[at : at + _WINDOW]) for at in range(max(1, len(hashes) - _WINDOW + 1)) if hashes}


def original(text: str, candidates: Candidates) -> bytes | None:
    """The first of `candidates` that `text` nearly repeats as a whole, if any."""
    tokens = _tokens(text)
    return next((each for each, other in candidates if _share(_shared(tokens, other)) >= _NEAR), None)


def divide(text: str, candidates: Candidates) -> list[Part]:
    """A passage as one part where it is the owner's own, or a near copy; else cut into own and copied parts.

    Copied are sentences in a row, 25 words or more together, that one of `candidates` holds too. What is left
    of the passage comes first, as one part.
    """
    if not candidates:
        return [Part(text)]
    if whole := original(text, candidates):
        return [Part(text, whole)]
    own: list[_Sentence] = []
    copied: list[Part] = []
    for source, group in groupby(_sources(text, candidates), lambda pair: pair[1]):
        run = [sentence for sentence, _ in group]
        if source is None or sum(len(each.tokens) for each in run) < SHORTEST:
            own += run
        else:
            copied.append(Part(_join(run), source))
    if not copied:
        return [Part(text)]
    return [*([Part(_join(own))] if own else []), *copied]


@dataclass
class Recent:
    """Passages that are not in the store yet, found by their fingerprints."""

    _texts: dict[bytes, str] = field(default_factory=dict)
    _digests: defaultdict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    def add(self, digest: bytes, text: str) -> None:
        """Make a passage known."""
        if digest not in self._texts:
            self._texts[digest] = text
            for each in fingerprints(text):
                self._digests[each].append(digest)

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._texts

    def sharing(self, prints: Iterable[int]) -> list[tuple[bytes, str]]:
        """Passages that share fingerprints, most of them first."""
        shared = Counter(digest for each in prints for digest in self._digests.get(each, ()))
        return [(digest, self._texts[digest]) for digest, _ in shared.most_common(_MOST)]

    def clear(self) -> None:
        """Forget them."""
        self._texts.clear()
        self._digests.clear()


@dataclass(frozen=True)
class _Sentence:
    text: str
    tokens: list[str]
    separator: str  # before it


def _sources(text: str, candidates: Candidates) -> Iterator[tuple[_Sentence, bytes | None]]:
    """Every sentence with the passage that it is copied from; one of a few words goes with the one before."""
    split = list(_split(text))
    tokens = [token for sentence in split for token in sentence.tokens]
    shared = {digest: _shared(tokens, other) for digest, other in candidates}
    at, source = 0, None
    for sentence in split:
        end = at + len(sentence.tokens)
        if len(sentence.tokens) >= _SHINGLE:
            found = (digest for digest, known in shared.items() if _share(known[at:end]) >= _NEAR)
            source = next(found, None)
        yield sentence, source
        at = end


def _split(text: str) -> Iterator[_Sentence]:
    for paragraph in text.split("\n\n"):
        separator = "\n\n"
        for sentence in sentences(paragraph):
            yield _Sentence(sentence, _tokens(sentence), separator)
            separator = " "


def _join(run: list[_Sentence]) -> str:
    return "".join(sentence.separator + sentence.text for sentence in run).strip()


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.lower())


def _shingles(tokens: list[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(tokens[start:] for start in range(_SHINGLE)), strict=False)


def _shared(tokens: list[str], other: str) -> list[bool]:
    """Which words of `tokens` stand in a run of five that the text `other` has too."""
    known = set(_shingles(_tokens(other)))
    shared = [False] * len(tokens)
    for at, shingle in enumerate(_shingles(tokens)):
        if shingle in known:
            shared[at : at + _SHINGLE] = [True] * _SHINGLE
    return shared


def _share(shared: list[bool]) -> float:
    return sum(shared) / len(shared) if shared else 0.0
