"""Rows of `persona-projector`: texts, each with the vector of how its author wrote elsewhere.

A persona is the mean of the embeddings of some dozens of passages, of unit length. For training there are
several of each place in an author's works, each of a part of its passages: a writer whose documents are
few has such a mean too, and fifty points would be learned by heart.
"""

from collections.abc import Iterable
from pathlib import Path
from random import Random

import numpy as np

from killah.persona.embedding import Embedder
from tools.pretrain.corpus import straighten

from .cutting import finished, walk, whole_words
from .prose import TEST_EACH
from .splits import Row, Section, Split, balanced, book_sections, by_author, even, held_out_sections, some

EMBEDDER = "all-MiniLM-L6-v2"
ROWS = 6_500
TEXT = (800, 1200)  # characters
PASSAGE = (350, 600)
PASSAGES = 48  # of each place
DRAWN, DRAWS = 40, 3  # passages in a mean, and means, beside the mean of all
STRAIGHT = 0.35  # texts in keyboard quotes

Places = dict[str, dict[str, list[Section]]]  # author -> volume, or half of the only one -> sections


def projector(data: Path, seed: int) -> Split:
    """Texts with a persona of another volume of the author, else of the other half of the only one."""
    random = Random(f"persona-projector {seed}")
    trained, held_out = places(book_sections(data, "train")), places(held_out_sections(data))
    split = Split(personas=_personas({**trained, **held_out}, random))
    for sections, rows, count in (
        (trained, split.train, ROWS),
        (places(book_sections(data, "valid"), like=trained), split.valid, 200),
    ):
        texts = {a: _texts(a, there, split.personas, random) for a, there in sections.items()}
        rows.extend(balanced({a: found for a, found in texts.items() if found}, count, random))
        random.shuffle(rows)
    tests = {a: _texts(a, there, split.personas, random) for a, there in held_out.items()}
    for row in even(tests, TEST_EACH, random):
        others = [name for name in split.personas if name.split("/")[0] in set(tests) - {row["author"]}]
        split.test.append({**row, "wrong": random.choice(others)})
    for row in (*split.train, *split.valid):
        del row["author"]
    return split


def places(sections: Iterable[Section], like: Places | None = None) -> Places:
    """Sections by author and volume; an author with one volume has a first and a second half of it.

    Halves are those of `like` where it is given, so that both speak of the same places.
    """
    found: Places = {}
    for author, there in by_author((s.author, s) for s in sections).items():
        volumes = by_author((s.volume.split("/")[1], s) for s in there)
        if like:
            known = like.get(author, {})
            one = next((name for name in known if name.endswith(":second")), None)
            middle = min(s.number for s in known[one]) if one else 0
        else:
            middle = sorted(s.number for s in there)[len(there) // 2] if len(volumes) == 1 else 0
        found[author] = volumes if not middle else _halves(volumes, middle)
    return found


def _halves(volumes: dict[str, list[Section]], middle: int) -> dict[str, list[Section]]:
    halves: dict[str, list[Section]] = {}
    for name, sections in volumes.items():
        for section in sections:
            half = "first" if section.number < middle else "second"
            halves.setdefault(f"{name}:{half}", []).append(section)
    return halves


def _personas(found: Places, random: Random) -> dict[str, np.ndarray]:
    """Vectors (384,) of unit length by name: author/place#0 of all passages, #1 and so on of some."""
    embedder = Embedder(EMBEDDER)
    chosen = {
        f"{author}/{place}": some(_passages(sections), PASSAGES, random)
        for author, there in found.items()
        for place, sections in there.items()
    }
    vectors = iter(embedder.encode([p for passages in chosen.values() for p in passages]))
    personas: dict[str, np.ndarray] = {}
    for name, passages in chosen.items():
        own = [next(vectors) for _ in passages]
        for number in range(DRAWS + 1):
            mean = np.mean(own if number == 0 else some(own, DRAWN, random), axis=0)
            personas[f"{name}#{number}"] = mean / np.linalg.norm(mean)
    return personas


def _passages(sections: list[Section]) -> list[str]:
    def cut(text: str) -> tuple[str, ...]:
        piece = finished(text, *PASSAGE)
        return (piece,) if piece else ()

    return [piece for s in sections for (piece,) in walk(s.text, cut)]


def _texts(
    author: str, there: dict[str, list[Section]], personas: dict[str, np.ndarray], random: Random
) -> list[Row]:
    """Texts of each place of an author with a persona of another place."""
    rows: list[Row] = []
    for place, sections in there.items():
        own = f"{author}/{place}#"
        elsewhere = [n for n in personas if n.startswith(f"{author}/") and not n.startswith(own)]
        for section in sections if elsewhere else ():
            for (text,) in walk(section.text, lambda text: (whole_words(text, random.randint(*TEXT)),)):
                if len(text) >= TEXT[0] * 0.75:
                    typed = straighten(text) if random.random() < STRAIGHT else text
                    rows.append({"text": typed, "persona": random.choice(elsewhere), "author": author})
    return rows
