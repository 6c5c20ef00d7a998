"""Rows of `persona-projector`: texts, each with passages of how its author wrote elsewhere.

A persona is some dozens of passages of one place in an author's works, cut and embedded as an index cuts and
embeds them. There are several of each place, each of a part of its passages: a writer whose documents are
few has such an index too, and fifty personas would be learned by heart. Half of the texts have begun, and
what there is of them is the query of the attention; the rest is what is learned.
"""

from collections.abc import Iterable
from pathlib import Path
from random import Random

import numpy as np

from killah.persona import style
from killah.persona.chunks import chunks
from tools.pretrain.corpus import straighten

from .cutting import walk, whole_words
from .embedded import Texts
from .prose import GOES_ON, TEST_EACH
from .splits import Row, Section, Split, balanced, book_sections, by_author, even, held_out_sections, some

ROWS = 8_000
TEXT = (800, 1200)  # characters
BEGUN, BEGINNING = 0.5, (60, 240)  # share of texts that have begun, characters of a beginning
PASSAGES = 56  # of each place
DRAWN, DRAWS = (12, 40), 3  # passages of a part, and parts, beside all
STRAIGHT = 0.35  # texts in keyboard quotes

Places = dict[str, dict[str, list[Section]]]  # author -> volume, or half of the only one -> sections


def projector(data: Path, seed: int) -> Split:
    """Texts with a persona of another volume of the author, else of the other half of the only one."""
    random = Random(f"persona-projector {seed}")
    trained, held_out = places(book_sections(data, "train")), places(held_out_sections(data))
    passages, queries, split = Texts(), Texts(), Split()
    personas = personas_of({**trained, **held_out}, passages, random)
    for sections, rows, count in (
        (trained, split.train, ROWS),
        (places(book_sections(data, "valid"), like=trained), split.valid, 200),
    ):
        texts = {a: _texts(a, there, personas, random) for a, there in sections.items()}
        rows.extend(balanced({a: found for a, found in texts.items() if found}, count, random))
        random.shuffle(rows)
    tests = {a: _texts(a, there, personas, random) for a, there in held_out.items()}
    for row in even(tests, TEST_EACH, random):
        others = [name for name in personas if name.split("/")[0] in set(tests) - {row["author"]}]
        split.test.append({**row, "wrong": random.choice(others)})
    for row in (*split.train, *split.valid, *split.test):
        if row["prompt"]:
            row["query"] = queries.add(row["prompt"])
    for row in (*split.train, *split.valid):
        del row["author"]
    split.personas, split.arrays = personas, arrays(passages, queries, data)
    return split


def arrays(passages: Texts, queries: Texts, data: Path) -> dict[str, np.ndarray]:
    """What `killah.training.personas` reads; embeddings are kept in `data`."""
    return {
        "vectors": passages.embedded(data),
        "styles": np.stack([style.vector(text) for text in passages.number]),
        "queries": queries.embedded(data),
    }


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


def personas_of(found: Places, passages: Texts, random: Random) -> dict[str, list[int]]:
    """Passages by persona: author/place#0 is all that were chosen of a place, #1 and so on parts of them."""
    personas: dict[str, list[int]] = {}
    for author, there in found.items():
        for place, sections in there.items():
            cut = [chunk for section in sections for chunk in chunks(section.text)]
            own = [passages.add(text) for text in some(cut, PASSAGES, random)]
            for number in range(DRAWS + 1):
                part = own if number == 0 else some(own, random.randint(*DRAWN), random)
                personas[f"{author}/{place}#{number}"] = sorted(part)
    return personas


def _texts(
    author: str, there: dict[str, list[Section]], personas: dict[str, list[int]], random: Random
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
                    begun = len(whole_words(typed, random.randint(*BEGINNING)))
                    begun = begun if random.random() < BEGUN else 0
                    about = {"persona": random.choice(elsewhere), "author": author}
                    rows.append({"prompt": typed[:begun], "completion": typed[begun:]} | about | GOES_ON)
    return rows
