"""The word model beside ear-nano: what follows what in the books, posts and Russian classics."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from killah.audio.recognition.recogniser import WORDS
from killah.audio.recognition.word_counts import build
from tools.pretrain.corpus import books, posts

MOST = 50_000  # words, of both languages
LEAST = 3, 6  # times that a bigram and a trigram must be there


def save_words(data: Path, out: Path) -> None:
    """Count and write `OUT/words.npz`."""
    build(_texts(data), words=MOST, least=LEAST).save(out / WORDS)


def _texts(data: Path) -> Iterator[str]:
    yield from (document.text for document in chain(books(data), posts(data)))
    yield from (path.read_text("utf-8") for path in sorted((data / "text-ru").rglob("*.txt")))
