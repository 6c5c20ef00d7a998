"""Style vectors: named features that tell writers apart, in two languages, and beside a population."""

import numpy as np
import pytest

from killah.persona import style

HEMINGWAY = (
    "He sat down. The beer was cold. He drank it and looked at the road. There was no one on the road. "
    "“Will he come?” the girl asked. “No,” he said. “He won't come.” "
    "She looked at the hills. They were white."
)
JAMES = (
    "It was nevertheless, upon the whole, a consideration of which she had, for reasons that the reader may "
    "perhaps already have divined, been unable altogether to disembarrass her imagination; and the "
    "recognition of this incapacity, however reluctantly entertained, constituted in itself a species of "
    "determination."
)
RUSSIAN = (
    "Он сел. Пиво было холодное. — Придет ли он? — спросила девушка. Я не знаю, что тебе сказать; но, "
    "впрочем, это было давно, и никто уже не помнил, когда именно она ушла."
)


def feature(text, name):
    return float(style.measure(text)[style.PLACES[name]])


def test_every_feature_has_a_name_of_its_own_and_says_what_it_counts():
    assert len(style.PLACES) == len(style.FEATURES) == style.WIDTH
    assert all(each.about and each.group for each in style.FEATURES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("commas", 100 * 1 / 42),
        ("questions", 100 * 1 / 42),
        ("en and", 100 * 1 / 42),
        ("he", 5 / 42),
        ("contractions", 1 / 42),
        ("short sentences", 7 / 9),
        ("dialogue", 7 / 42),
        ("sentence length", np.log(42 / 9)),
    ],
)
def test_features_count_what_they_say(name, value):
    assert feature(HEMINGWAY, name) == pytest.approx(value, rel=0.02)


@pytest.mark.parametrize("name", ["sentence length", "word length", "abstract nouns", "connectives"])
def test_an_involved_writer_has_more_of_what_is_involved(name):
    assert feature(JAMES, name) > feature(HEMINGWAY, name)


def test_keyboards_and_typography_count_alike():
    straight = HEMINGWAY.replace("“", '"').replace("”", '"').replace("’", "'")
    np.testing.assert_allclose(style.vector(straight), style.vector(HEMINGWAY), atol=1e-5)


def test_russian_is_measured_by_its_own_lists():
    assert style.language(RUSSIAN) == "ru"
    assert style.language(HEMINGWAY) == "en"
    assert feature(RUSSIAN, "I") == pytest.approx(1 / 30)
    assert feature(RUSSIAN, "past") == pytest.approx(5 / 30)  # сел, было twice, спросила, помнил
    assert feature(RUSSIAN, "ru не") > 0
    assert np.isnan(feature(RUSSIAN, "en the"))
    vector = style.vector(RUSSIAN)
    assert np.isfinite(vector).all()
    assert vector[style.PLACES["en the"]] == 0


@pytest.mark.parametrize("text", ["", "   \n\n ", "123 456 !!!", "word", "?", "\n\n\n—\n\n", "a" * 100_000])
def test_any_text_has_a_finite_vector(text):
    vector = style.vector(text)
    assert vector.shape == (style.WIDTH,)
    assert vector.dtype == np.float32
    assert np.isfinite(vector).all()
    assert np.abs(vector).max() <= style.MOST


@pytest.mark.parametrize("language", style.LANGUAGES)
def test_the_reference_is_of_these_features(language):
    mean, deviation = style.reference(language)
    own = [each.language in (None, language) for each in style.FEATURES]
    assert np.isfinite(mean[own]).all()
    assert (deviation[own] > 0).all()
    assert np.isnan(mean[np.logical_not(own)]).all()
    np.testing.assert_allclose(style.standardise(mean, language), 0, atol=1e-5)
