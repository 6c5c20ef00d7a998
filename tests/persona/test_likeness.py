"""The score in the status bar: its formula is the documented one, and its order what a reader expects."""

import numpy as np
import pytest

from killah.paths import shipped
from killah.persona import likeness, style
from killah.persona.chunks import chunks
from killah.persona.likeness import LONGEST, MOST, SHORTEST, Likeness, Scale, Space, end, read

OFFICIAL = (
    "The administration requires that every application concerning the allocation of resources be "
    "accompanied by documentation. Furthermore, the establishment of commissions, which the legislation "
    "of the previous administration prescribed, necessitates the consideration of responsibilities. "
)
RUSSIAN = "Он вышел из дома и пошёл по улице, но снег ещё лежал на крышах, и было очень холодно. "


def space(between):
    width = len(between)
    return Space(np.zeros(width), np.eye(width), np.array(between))


def normal(values, mean, variance):
    return (-((values - mean) ** 2) / variance / 2 - np.log(2 * np.pi * variance) / 2).sum(axis=-1)


def written(texts):
    parts = [part for text in texts for part in chunks(text)]
    return np.stack([style.vector(part) for part in parts]), np.arange(len(parts))


@pytest.fixture(scope="module")
def documents():
    """Some of what the sample writer wrote."""
    names = [path for path in sorted(shipped("samples").glob("*.*")) if path.suffix in (".md", ".txt")]
    return [path.read_text("utf-8") for path in names if path.name != "README.md"]


def test_the_ratio_is_that_of_the_two_densities():
    b, own, n, m = np.array([2.0, 0.5]), np.array([1.0, -3.0]), 7, 3
    texts = np.random.default_rng(0).normal(size=(5, 2))
    shrunk, posterior = b / (b + 1 / n) * own, b / (b * n + 1)
    expected = normal(texts, shrunk, posterior + 1 / m) - normal(texts, 0, b + 1 / m)
    assert space(b).ratio(own, n, texts, m) == pytest.approx(expected)


def test_what_others_get_is_the_mean_over_the_population():
    b, own = np.array([2.0, 0.5]), np.array([1.0, -1.0])
    drawn = np.random.default_rng(0).normal(size=(200_000, 2)) * np.sqrt(b + 1 / 2)
    there = space(b)
    assert there.expected(own, 9, 2) == pytest.approx(there.ratio(own, 9, drawn, 2).mean(), abs=0.02)


def test_the_owners_typical_text_gets_75_and_more_is_more():
    scale = Scale(own=8.0, slope=0.4)
    assert scale.score(8.0) == 75
    scores = [scale.score(ratio) for ratio in np.linspace(-1000, 1000, 400)]
    assert scores == sorted(scores)
    assert (scores[0], scores[-1]) == (0, 100)


def test_more_of_the_owner_is_likelier_the_owner_than_an_office(documents):
    known = Likeness.of(*written(documents[::2]))
    own = [score for text in documents[1::2] if (score := known.score(text)) is not None]
    office = known.score(OFFICIAL * 6)
    assert office is not None
    assert np.median(own) > 50 > office


def test_little_text_no_persona_and_another_language_have_no_score(documents):
    known = Likeness.of(*written(documents))
    words = documents[0].split()
    assert known.score(" ".join(words[: SHORTEST - 1])) is None
    assert known.score(" ".join(words[:SHORTEST])) is not None
    assert known.score(RUSSIAN * 10) is None
    nobody = Likeness.of(np.zeros((0, style.WIDTH), np.float32), np.zeros(0, int))
    assert nobody.score(documents[0]) is None
    assert known.score("") is None


def test_a_persona_of_two_languages_scores_each_by_its_own(documents):
    styles, numbers = written([*documents, RUSSIAN * 60])
    both, russian, english = (
        Likeness.of(styles, numbers),
        Likeness.of(*written([RUSSIAN * 60])),
        Likeness.of(*written(documents)),
    )
    assert both.score(RUSSIAN * 10) == russian.score(RUSSIAN * 10)
    assert both.score(documents[0]) == english.score(documents[0])


def test_only_the_end_is_read_and_its_paragraphs_stay():
    text = "beginning " * 500 + "\n\n".join(f"paragraph {number} of the end" for number in range(60))
    assert end(text).startswith("paragraph 0 of")
    assert end("one two\n\nthree ") == "one two\n\nthree"
    reading = read(text)
    assert reading is not None
    assert reading.words == likeness.READ


def test_of_a_large_persona_neighbours_are_taken_together():
    rows = likeness._some(5 * MOST)
    assert len(rows) <= MOST
    assert (rows.reshape(-1, LONGEST)[:, 1] - rows.reshape(-1, LONGEST)[:, 0] == 1).all()
    assert rows[0] == 0
    assert rows[-1] > 5 * MOST - 2 * LONGEST
    assert likeness._some(7).tolist() == list(range(7))
