import shutil

import pytest

from killah.errors import KillahError
from killah.persona import personas
from killah.persona.forgetting import forget
from killah.persona.indexing import index
from killah.persona.store import Store


@pytest.fixture
def two(writing, embedder):
    """Two personas that read the same folder."""
    for name in ("saki", "wells"):
        index([writing], name, embedder)
    return writing


def texts(name):
    with Store.open(personas.path_of(name)) as store:
        return " ".join(text for text, _ in store.texts())


def test_a_folder_is_forgotten_by_every_persona_even_after_it_is_gone(two, home):
    shutil.rmtree(two)
    assert forget([two]) == {"saki": 4, "wells": 4}
    assert texts("saki") == ""
    assert not any(b"herring" in file.read_bytes() for file in (home / "data" / "personas").iterdir())


def test_one_document_of_one_persona(two):
    assert forget([two / "bread.txt"], "saki") == {"saki": 1}
    assert "dough" not in texts("saki")
    assert "herring" in texts("saki")
    assert "dough" in texts("wells")


def test_a_folder_that_only_begins_with_the_same_letters_is_another(two):
    assert forget([str(two)[:-1]]) == {"saki": 0, "wells": 0}


def test_an_unknown_persona_is_one_line(home):
    with pytest.raises(KillahError, match="no persona"):
        forget(["/x"], "nobody")
