import pytest

from killah.errors import KillahError
from killah.persona import embedding, personas
from killah.persona.forgetting import forget
from killah.persona.indexing import index
from killah.persona.retrieval import Retriever


@pytest.fixture
def retriever(writing, embedder):
    index([writing], "saki", embedder)
    return Retriever.open("saki", embedder.name)


def names(passages):
    return [passage.path.rsplit("/", 1)[1] for passage in passages]


def test_the_passage_nearest_in_meaning_comes_first(retriever):
    found = retriever.passages("At sunrise the trawlers came home with their catch, and", 2)
    assert len(found) == 2
    assert names(found)[0] == "harbour.md"
    assert "herring" in found[0].text
    assert found[0].score > found[1].score
    assert names(retriever.passages("The jury found him guilty and the lawyer", 1)) == ["court.md"]


def test_the_text_being_written_is_not_handed_back(retriever, writing):
    """A writer edits an indexed document: its own sentences are no help."""
    text = (writing / "harbour.md").read_text() + " They were glad to be"
    assert "harbour.md" not in names(retriever.passages(text, 4))
    copied = "I said it before: the fishing boats came in at DAWN, heavy with herring!"
    assert "harbour.md" not in names(retriever.passages(copied, 4))


def test_it_can_be_asked_for_nothing_and_about_nothing(retriever):
    assert retriever.passages("", 3) == []
    assert retriever.passages("Words.", 0) == []
    assert len(retriever.passages("Words.", 50)) == 4


def test_what_was_forgotten_since_is_not_given_out(retriever, writing):
    forget([writing / "harbour.md"])
    assert "harbour.md" not in names(retriever.passages("The boats came in with fish", 4))


def test_a_persona_deleted_since_gives_nothing(retriever):
    personas.delete("saki")
    assert retriever.passages("The boats came in with fish", 4) == []


def test_other_documents_are_lightly_preferred(tmp_path, embedder):
    def sea(colour):
        return (
            f"The {colour} boat came home with {colour} nets full of {colour} fish, and {colour} men sang. "
            * 6
        )

    (tmp_path / "long.txt").write_text("\n\n".join(map(sea, ("red", "blue", "green", "black"))))
    (tmp_path / "short.txt").write_text(sea("yellow"))
    index([tmp_path], "saki", embedder)
    found = Retriever.open("saki", embedder.name).passages("A boat with nets full of fish", 2)
    assert sorted(names(found)) == ["long.txt", "short.txt"]


def test_a_persona_of_another_embedder_says_what_to_do(retriever, embedder):
    with pytest.raises(KillahError, match="was indexed with 'all-MiniLM-L6-v2'"):
        Retriever.open("saki", str(embedder.folder))


def test_a_missing_persona_says_how_to_make_it(home, embedder):
    with pytest.raises(KillahError, match=r"no persona 'nobody'.*killah index"):
        Retriever.open("nobody", embedder.name)


def test_opening_loads_no_model(retriever, embedder, monkeypatch):
    monkeypatch.setattr(embedding, "_load", lambda _: pytest.fail("the model was loaded"))
    assert len(Retriever.open("saki", embedder.name)) == 4
