"""What is measured must be what the model really charges for what is really put before the text."""

import numpy as np
import pytest

from killah import paths
from killah.engine.costs import Costs, Reading
from killah.engine.members import Members
from killah.engine.personal.measuring import Held, Reader, Way, measure
from killah.gemma import base as bases
from killah.persona.material import Material

PASSAGE = "The archdeacon kept his marmalade in the vestry, behind the hymn books, and told nobody of it."
OTHER = "A cell lets small molecules through its membrane, and keeps the large ones out of the cytoplasm."
HELD = [
    Held("The archdeacon", " kept his marmalade in the vestry, behind the old hymn books."),
    Held("One day", " the archdeacon kept his marmalade in the vestry."),
]
QUERIES = np.array([[1, 0], [1, 0]], np.float32)


def material(*texts: str) -> Material:
    rows = np.eye(len(texts), 2, dtype=np.float32)
    return Material(list(texts), rows, None, np.arange(len(texts)))


@pytest.fixture
def reader(alone):
    base = bases.load(paths.shipped("models") / "pushkin-nano")
    return Reader(base, Members(base), task=None)


def charged(reader: Reader, held: Held, *before: str) -> float:
    tokenizer = reader.base.tokenizer
    head = [tokenizer.bos, *(i for text in before for i in tokenizer.encode(f"{text}\n\n"))]
    start = head + tokenizer.encode(held.beginning)
    return Costs(reader.base.model).nats([Reading(start + tokenizer.encode(held.rest), len(start))])[0].sum()


def test_each_way_costs_what_the_model_charges_for_its_prompt(reader) -> None:
    ways = [Way(), Way(passages=1), Way(passages=2)]
    found = measure(reader, material(PASSAGE, OTHER), HELD, QUERIES, ways)
    assert sorted(found.asked) == ways
    assert found.sizes.tolist() == [len(each.rest.encode()) for each in HELD]
    # The first text's own words stand in the passage, but not eight in a row of its beginning.
    for number, held in enumerate(HELD):
        assert found.nats(Way())[number] == pytest.approx(charged(reader, held), rel=1e-4)
        one, two = found.nats(Way(passages=1))[number], found.nats(Way(passages=2))[number]
        assert one == pytest.approx(charged(reader, held, PASSAGE), rel=1e-4)
        assert two == pytest.approx(charged(reader, held, OTHER, PASSAGE), rel=1e-4)  # the best last
    assert (found.nats(Way(passages=1)) < found.nats(Way())).all()


def test_habits_are_mixed_token_by_token(reader) -> None:
    known = [f"{n}: {PASSAGE}" for n in range(4)]
    found = measure(reader, material(*known), HELD, QUERIES, [Way()])
    plain, mixed = (found.token_nats(Way(ngram=weight)) for weight in (0.0, 0.3))
    assert found.nats(Way(ngram=0.3)).sum() < 0.8 * found.nats(Way()).sum()
    # No token can cost more than its habit's share takes away from the model.
    assert all(
        (after - before <= -np.log(0.7) + 1e-6).all() for before, after in zip(plain, mixed, strict=True)
    )


def test_another_writers_habits_do_not_help(reader) -> None:
    right = measure(reader, material(PASSAGE), HELD, QUERIES, [Way()]).nats(Way(ngram=0.3))
    wrong = measure(reader, material(OTHER), HELD, QUERIES, [Way()]).nats(Way(ngram=0.3))
    assert (right < wrong).all()


def test_more_ways_are_added_to_what_is_known(reader) -> None:
    first = measure(reader, material(PASSAGE), HELD, QUERIES, [Way()])
    before = first.nats(Way())
    again = measure(reader, material(PASSAGE), HELD, QUERIES, [Way(), Way(passages=1, ngram=0.2)], into=first)
    assert again is first and len(first.asked) == 2
    np.testing.assert_array_equal(first.nats(Way()), before)


def test_what_is_not_installed_is_charged_as_without(reader) -> None:
    assert not reader.has_lora and not reader.has_soft
    ways = [Way(), Way(soft=True), Way(lora=1.0)]
    found = measure(reader, material(PASSAGE), HELD, QUERIES, ways)
    for way in ways[1:]:
        np.testing.assert_allclose(found.nats(way), found.nats(Way()), rtol=1e-5)


def test_a_way_says_what_it_is() -> None:
    assert Way().name == "base"
    name = "2 passages + soft tokens + LoRA 0.5 + n-gram 0.3 + text so far 0.1"
    assert Way(2, True, 0.5, 0.3, 0.1).name == name
    weights = Way(1, True, 0.5, 0.3, 0.1).weights()
    assert (weights.passages, weights.soft, weights.lora) == (1, 1.0, 0.5)
    assert (weights.ngram, weights.text) == (0.3, 0.1)
