"""A part of a writer's text must be that part and nothing else."""

import numpy as np
import pytest

from killah.persona import personas
from killah.persona.copies import Part
from killah.persona.material import Material
from killah.persona.store import Entry, Holding, Made, Store, digest

TEXTS = [
    "The boats came in at dawn with herring, and the gulls followed them over the grey water.",
    "The judge read the verdict in a dry voice, and the prisoner did not move at all.",
    "Knead the dough until it is smooth, and let it rise in a warm place for two hours.",
]


@pytest.fixture
def material(home) -> Material:
    vectors = np.eye(3, dtype=np.float32)
    with Store.create(personas.path_of("me")) as store:
        store.add(list(map(Part, TEXTS)), vectors, 2 * vectors, Made("model", "style-0"))
        for number, texts in enumerate((TEXTS[:1], TEXTS[1:])):
            entry = Entry(f"/{number}.txt", "txt", 1, 1, str(number), 9, None)
            store.enter([Holding(entry, list(map(digest, texts)))])
        return Material.of(store)


def test_everything_is_in_one_order(material) -> None:
    assert material.texts == TEXTS
    assert material.documents[0] != material.documents[1] == material.documents[2]
    assert material.words == sum(len(text.split()) for text in TEXTS)
    assert material.styles is not None
    np.testing.assert_array_equal(material.vectors, np.eye(3))
    np.testing.assert_array_equal(material.styles, 2 * np.eye(3))


def test_a_few_pages_in_another_language_decide_nothing(home) -> None:
    """On a base that knows no Russian they cost ten times the bits: they would choose for all the rest."""
    russian = "Он вышел из дома и пошёл по улице, а снег ещё лежал на крышах и было очень холодно."
    texts = [TEXTS[0], russian, *TEXTS[1:]]
    with Store.create(personas.path_of("both")) as store:
        store.add(list(map(Part, texts)), np.eye(4, 5, dtype=np.float32), np.eye(4, 5), Made("model", "0"))
        entry = Entry("/a.txt", "txt", 1, 1, "a", 9, None)
        store.enter([Holding(entry, list(map(digest, texts)))])
        material = Material.of(store)
    assert material.texts == TEXTS
    np.testing.assert_array_equal(material.vectors.argmax(axis=1), [0, 2, 3])


def test_a_part_knows_nothing_of_the_rest(material) -> None:
    part = material.part([2, 0])
    assert part.texts == [TEXTS[2], TEXTS[0]]
    assert part.styles is not None
    np.testing.assert_array_equal(part.vectors, np.eye(3)[[2, 0]])
    np.testing.assert_array_equal(part.styles, 2 * np.eye(3)[[2, 0]])
    assert TEXTS[1] not in part.nearest(np.array([0, 1, 0], np.float32), "text", 3)


def test_the_nearest_come_first_and_never_a_copy_of_the_text(material) -> None:
    query = np.array([0.9, 0.3, 0.1], np.float32)
    assert material.nearest(query, "At sea", 2) == TEXTS[:2]
    assert material.nearest(query, f"He said: {TEXTS[0]}", 2) == TEXTS[1:]
    assert material.nearest(query, "At sea", 0) == []
    assert material.part([]).nearest(query, "At sea", 2) == []
