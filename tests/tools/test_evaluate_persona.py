"""The persona's figures: writers are told apart where they differ, and not where they do not."""

import json
from argparse import Namespace
from random import Random

import loras
import numpy as np
import pytest

from killah.engine.personal import trying
from killah.engine.personal.measuring import Way
from tools.adapters import embedded
from tools.adapters.embedded import Texts
from tools.evaluate import __main__ as command
from tools.evaluate import personal, writers

SEA = "The old boat went out over the grey water and the gulls cried above the long wet rope. "
TOWN = "Madam, it is indeed a remarkable circumstance that her aunt should have refused the invitation! "


class Embedding:
    """Unit vectors that tell the words of one text from those of another."""

    def __init__(self, name):
        self.name = name

    def encode(self, texts):
        found = np.zeros((len(texts), 32), np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                found[row, sum(map(ord, word)) % 32] += 1
        return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Three authors, two of whom write alike; one has two books."""
    monkeypatch.setattr(embedded, "Embedder", Embedding)
    # A base of bytes: short texts are long enough.
    for module, name, value in (
        (writers, "LENGTH", 160),
        (writers, "BEGINNING", (20, 60)),
        (personal, "WAYS", {"ngram": personal.WAYS["ngram"], "soft_tokens": Way(soft=True)}),
        (trying, "WRITTEN", 20),
        (trying, "TYPED", 6),
    ):
        monkeypatch.setattr(module, name, value)
    for author, (sentence, books) in {"ann": (SEA, 2), "bob": (TOWN, 1), "cid": (SEA, 1)}.items():
        chance = Random(author)
        words = sentence.split()
        (tmp_path / "data" / author).mkdir(parents=True)
        for book in range(books):
            paragraphs = [
                " ".join(sentence + " ".join(chance.sample(words, 6)).capitalize() + "." for _ in range(5))
                for _ in range(40)
            ]
            (tmp_path / "data" / author / f"{book}.txt").write_text("\n\n".join(paragraphs))
    return tmp_path / "data"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return str(loras.base(tmp_path_factory.mktemp("base") / "tiny")[0])


@pytest.fixture
def evaluated(capsys, data, tiny):
    def run(*more):
        options = ("--data", str(data), "--cache", str(data), "--model", tiny, "--passages", "2", "--json")
        assert command.main(["persona", *options, *more]) == 0
        return json.loads(capsys.readouterr().out)

    return run


def test_a_writer_is_told_from_another_and_habits_pay(evaluated):
    found = evaluated("--only", "ways", "--authors", "ann,bob")["ways"]
    assert found["ngram"]["bits_per_byte"]["n"] == found["base"]["n"] == 4
    ngram = found["ngram"]
    assert ngram["over_base"]["high"] < 0
    assert ngram["over_wrong"]["high"] < 0
    assert ngram["over_base_per_cent"]["value"] == pytest.approx(
        100 * ngram["over_base"]["value"] / found["base"]["value"], rel=0.01
    )
    assert found["authors_won"]["ngram"] == 2


def test_two_who_write_alike_are_not_told_apart(evaluated):
    found = evaluated("--only", "ways", "--authors", "ann,cid")["ways"]["ngram"]
    apart = evaluated("--only", "ways", "--authors", "ann,bob")["ways"]["ngram"]
    assert abs(found["over_wrong"]["value"]) < abs(apart["over_wrong"]["value"]) / 4


def test_whose_passage_is_found_by_style_and_meaning(evaluated):
    found = evaluated("--only", "authorship", "--authors", "ann,bob")["authorship"]
    assert found["authors"] == 3
    for part in ("meaning", "style", "both"):
        assert found["5_passages"][part]["value"] > 1 / 3


def test_attention_and_writing_are_measured(evaluated):
    found = evaluated("--only", "attention,writing", "--authors", "ann,bob")
    distance = found["writing"]["style_distance"]
    assert distance["held_out"]["value"] < distance["base"]["value"]
    assert 0 <= found["writing"]["first_word"]["all"]["value"] <= 1
    assert found["writing"]["saved_at_1"]["all_less_all_wrong"]["n"] == 4
    assert found["attention"] is None  # no projector is installed for this base


def test_the_choice_is_ranked_on_what_it_did_not_see(evaluated):
    found = evaluated("--only", "choice", "--authors", "ann,bob", "--passages", "4")["choice"]
    assert found["authors"] == 2
    for name in ("ann", "bob"):
        first, second = found[name]
        assert "n-gram" in first["chosen"]
        assert first["over_base_per_cent"] < 0
        assert second["over_base_per_cent"] != first["over_base_per_cent"]  # the halves were exchanged


def test_what_is_held_out_is_in_no_index(data):
    first, second = writers.divided(data / "ann")
    assert first == (data / "ann" / "0.txt").read_text()
    assert second == (data / "ann" / "1.txt").read_text()
    first, second = writers.divided(data / "bob")
    whole = (data / "bob" / "0.txt").read_text()
    assert whole.startswith(first)
    assert whole.endswith(second)
    assert len(first) + len(second) < len(whole)


def test_a_held_out_passage_is_begun_and_goes_on(data):
    held = writers.held_out((data / "ann" / "1.txt").read_text(), 3, seed=0)
    assert len(held) == 3
    for each in held:
        assert each.rest.startswith(" ")
        assert writers.BEGINNING[0] <= len(each.beginning) <= writers.BEGINNING[1] + 20


def test_the_shuffled_persona_has_nothing_of_the_author(data):
    options = Namespace(data=data, cache=data, passages=2, indexed=20_000, seed=0)
    found = writers.Gathering(options, ["ann", "bob", "cid"]).writers
    shuffled = personal.shuffled(found, found[1])
    assert len(shuffled) == len(found[1].material)
    assert not set(shuffled.texts) & set(found[1].material.texts)
    assert set(shuffled.texts) & set(found[0].material.texts)
    assert set(shuffled.texts) & set(found[2].material.texts)
    assert Way() not in personal.WAYS.values()


def test_every_text_has_one_wrong_writer(data):
    options = Namespace(data=data, cache=data, passages=3, indexed=20_000, seed=0)
    found = writers.Gathering(options, ["ann", "bob", "cid"]).writers
    places = [place for number in range(3) for place in personal.wrongly(found, number)]
    assert sorted(places) == [(author, row) for author in range(3) for row in range(3)]
    assert all(author != number for number in range(3) for author, _ in personal.wrongly(found, number))


def test_too_little_text_is_one_clear_line(data, tiny, capsys):
    (data / "bob" / "0.txt").write_text(TOWN * 4)
    options = ("--data", str(data), "--cache", str(data), "--model", tiny, "--only", "ways")
    assert command.main(["persona", *options]) == 1
    assert "too little text of bob" in capsys.readouterr().err


def test_embeddings_are_kept_and_found_again(tmp_path, monkeypatch):
    seen = []

    class Counting(Embedding):
        def encode(self, texts):
            seen.extend(texts)
            return super().encode(texts)

    monkeypatch.setattr(embedded, "Embedder", Counting)
    texts = Texts()
    assert [texts.add(text) for text in ("a b", "c d", "a b")] == [0, 1, 0]
    first = texts.embedded(tmp_path)
    texts.add("e f")
    np.testing.assert_array_equal(texts.embedded(tmp_path)[:2], first)
    assert seen == ["a b", "c d", "e f"]
