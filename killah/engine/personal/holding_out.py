"""Which part of a writer's text is indexed and which is held out, so that each sees nothing of the others.

Three parts: one that every way of being personal may know, one to choose by, one to confirm the choice.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from killah.engine.personal.measuring import Held
from killah.errors import KillahError
from killah.persona.material import Material

BEGINNING = 40  # words that are given
SHORTEST, LONGEST = 100, 260  # words of a held-out text, its beginning included
LEAST = 4  # texts in each part
ENOUGH = "It takes about 5,000 words of prose: index more of your writing."
_DOCUMENTS = 5  # of so many one is held out to choose by, and one to confirm
_SHARE = 0.2  # of the words, where parts of documents are held out


@dataclass(frozen=True)
class Parts:
    """What is known, and the texts to choose by and to confirm with."""

    known: Material
    choose: list[Held]
    confirm: list[Held]


def split(material: Material, most: int) -> Parts:
    """Hold out whole documents where there are several, else the later part of each; at most `most` texts.

    Raises `KillahError` where there is too little text.
    """
    documents = [np.flatnonzero(material.documents == each) for each in np.unique(material.documents)]
    for known, choose, confirm in (_whole_documents(documents), _later_parts(documents)):
        rows = _rows(known)
        if len(rows) < len(material) // 2:
            continue
        parts = Parts(
            material.part(rows),
            _spread(_texts(material, choose), most),
            _spread(_texts(material, confirm), most),
        )
        if min(len(parts.choose), len(parts.confirm)) >= LEAST:
            return parts
    raise KillahError(
        f"{material.words:,} words in {len(documents):,} documents are too little to hold a part out.", ENOUGH
    )


def cut(passages: list[str]) -> Iterator[Held]:
    """Texts of consecutive passages: a beginning, and the rest."""
    words: list[str] = []
    for passage in passages:
        words += (["\n\n"] if words else []) + passage.split(" ")
        if len(words) >= SHORTEST + BEGINNING:
            yield _held(words[:LONGEST])
            words = []
    if len(words) >= SHORTEST:
        yield _held(words)


def _held(words: list[str]) -> Held:
    def joined(part: list[str]) -> str:
        return " ".join(part).replace(" \n\n ", "\n\n")

    text = joined(words)
    beginning = joined(words[:BEGINNING]).rstrip()
    return Held(beginning, text[len(beginning) :])


Groups = list[np.ndarray]  # rows, a document each


def _whole_documents(documents: Groups) -> tuple[Groups, Groups, Groups]:
    """Every fifth document to choose by, another fifth to confirm."""
    place = np.arange(len(documents)) % _DOCUMENTS
    known, choose, confirm = (
        [d for d, p in zip(documents, place, strict=True) if p in which] for which in ((0, 2, 4), (1,), (3,))
    )
    return known, choose, confirm


def _later_parts(documents: Groups) -> tuple[Groups, Groups, Groups]:
    """The last fifth of each document to confirm, the one before it to choose by; a passage between them."""
    known, choose, confirm = [], [], []
    for rows in documents:
        last = round(len(rows) * _SHARE)
        first = len(rows) - 2 * last
        known.append(rows[: first - (last > 0)])
        choose.append(rows[first : first + last])
        confirm.append(rows[first + last :])
    return known, choose, confirm


def _rows(groups: Groups) -> np.ndarray:
    return np.sort(np.concatenate(groups)) if groups else np.zeros(0, int)


def _texts(material: Material, groups: Groups) -> list[Held]:
    return [held for rows in groups for held in cut([material.texts[row] for row in rows])]


def _spread(texts: list[Held], most: int) -> list[Held]:
    """At most `most`, at equal distances."""
    step = max(1.0, len(texts) / most)
    return [texts[int((i + 0.5) * step)] for i in range(min(most, len(texts)))]
