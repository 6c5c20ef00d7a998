"""The quick search over many vectors finds what the full comparison finds."""

import numpy as np
import pytest

from killah.persona import nearest, personas
from killah.persona.copies import Part
from killah.persona.indexing import index
from killah.persona.retrieval import Retriever
from killah.persona.store import Entry, Holding, Made, Store, digest

COUNT, WIDTH = 3000, 100  # a width that no whole number of 64-bit words holds


@pytest.fixture
def rows():
    """Unit vectors about 100 centres that all lean to one side, as embeddings do."""
    chance = np.random.default_rng(5)
    centres = chance.normal(size=(100, WIDTH)) + chance.normal(size=WIDTH)
    rows = centres[chance.integers(100, size=COUNT)] + 0.5 * chance.normal(size=(COUNT, WIDTH))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def store(home, rows):
    texts = [f"Passage {number}." for number in range(COUNT)]
    with Store.create(personas.path_of("many")) as store:
        store.add(list(map(Part, texts)), rows, rows[:, :2], Made("model", "style-0"))
        entry = Entry("/a.txt", "txt", 1, 1, "0", 2, None)
        store.enter([Holding(entry, list(map(digest, texts)))])
        yield store


def recall(found, expected):
    return np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found, expected, strict=True)])


def test_signs_find_nine_of_ten_and_their_scores_are_exact(store, rows, monkeypatch):
    monkeypatch.setattr(nearest, "CANDIDATES", 200)
    monkeypatch.setattr(nearest, "_SAMPLE", 500)
    numbers, _ = store.counted()
    signs, exact = nearest.Signs(store, numbers), nearest.Exact(store, numbers)
    queries = rows[::100]
    pairs = [(signs.to(query, 10, store), exact.to(query, 10, store)) for query in queries]
    found = recall([rows for (rows, _), _ in pairs], [rows for _, (rows, _) in pairs])
    assert found > 0.9
    monkeypatch.setattr(nearest, "CANDIDATES", 10)
    monkeypatch.setattr(nearest, "_EXACT", 1)
    barely = recall([signs.to(query, 10, store)[0] for query in queries], [p[1][0] for p in pairs])
    assert barely < found
    (best, scores), (_, expected) = pairs[3]
    assert scores == pytest.approx(rows[best] @ queries[3], abs=2e-3)
    assert scores[0] == pytest.approx(expected[0], abs=1e-6)
    assert (np.diff(scores) <= 0).all()


def test_an_even_sample_stands_for_too_many_vectors(store, rows, monkeypatch):
    monkeypatch.setattr(nearest, "_SAMPLE", 500)
    signs = nearest.Signs(store, store.counted()[0])
    assert signs.sample.tolist() == list(range(0, COUNT, 6))
    assert signs.vectors == pytest.approx(rows[::6], abs=1e-3)


def test_a_persona_of_more_passages_than_fit_gives_the_same_passages(writing, embedder, monkeypatch):
    index([writing], "saki", embedder)
    text = "At sunrise the trawlers came home with their catch, and"
    before = Retriever.open("saki", embedder.name).passages(text, 3)
    monkeypatch.setattr(nearest, "MOST_IN_MEMORY", 3)
    retriever = Retriever.open("saki", embedder.name)
    assert isinstance(retriever._nearest, nearest.Signs)
    after = retriever.passages(text, 3)
    assert [passage.path for passage in after] == [passage.path for passage in before]
    assert [passage.score for passage in after] == pytest.approx([passage.score for passage in before])
    assert retriever.vectors.shape == (4, 384)
    assert len(retriever.styles) == 4


@pytest.mark.parametrize("count", [0, 1, 5, 9])
def test_the_smallest_come_in_order(count):
    values = np.array([3.0, 1.0, 2.0, 5.0, 4.0])
    assert nearest.smallest(values, count).tolist() == [1, 2, 0, 4, 3][:count]
