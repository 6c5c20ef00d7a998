"""What `killah persona score` says: true of the text, in words a writer understands."""

import numpy as np
import pytest

from killah.persona import style
from killah.persona.comparison import deviations
from killah.persona.likeness import Reading
from killah.persona.wording import natural, shown, tendency

PLACE = style.PLACES


def persona(**means):
    styles = np.zeros((50, style.WIDTH), np.float32)
    styles[::2] += 1
    styles[1::2] -= 1
    for name, mean in means.items():
        styles[:, PLACE[name.replace("_", " ")]] += mean
    return styles


def reading(words=250, **here):
    found = np.zeros(style.WIDTH, np.float32)
    for name, value in here.items():
        found[PLACE[name.replace("_", " ")]] = value
    return Reading("en", found, words)


def test_the_largest_deviations_come_first_one_a_group():
    found = deviations(reading(commas=3, semicolons=2.5, past=-2, I=0.1), persona())
    assert [(each.feature, each.errors > 0) for each in found] == [("commas", True), ("past", False)]
    # Two passages' worth of words: 3 / 1 x sqrt(2) standard errors.
    assert found[0].errors == pytest.approx(3 * 2**0.5, abs=0.01)


def test_the_sentence_says_what_the_writer_does_not_the_text():
    longer = deviations(reading(sentence_length=1.5), persona(sentence_length=-1))[0]
    assert longer.sentence.startswith("You usually write shorter sentences: ")
    mean, deviation = style.reference("en")
    at = PLACE["sentence length"]
    assert longer.here == pytest.approx(np.exp(mean[at] + 1.5 * deviation[at]), rel=1e-4)
    assert longer.usual == pytest.approx(np.exp(mean[at] - deviation[at]), rel=1e-4)


def test_a_russian_writer_is_told_of_particles():
    """Russian has no contractions; what is counted in their place is ведь, же, вот."""
    here = reading(contractions=3)
    [english], [russian] = (
        deviations(Reading(language, here.style, here.words), persona()) for language in ("en", "ru")
    )
    assert english.sentence.startswith("You usually write fewer contractions: ")
    assert russian.sentence.startswith("You usually write fewer particles of talk: ")
    assert russian.feature == "particles of talk"


def test_a_text_like_the_writer_has_nothing_to_be_told():
    assert deviations(reading(), persona()) == []


def test_every_feature_has_a_value_and_a_tendency():
    for feature in style.FEATURES:
        number, unit = natural(feature, 0.5)
        assert shown(number, unit)
        assert tendency(feature, more=True) != tendency(feature, more=False)
    by_name = {feature.name: feature for feature in style.FEATURES}
    assert natural(by_name["sentence length"], np.log(12)) == (pytest.approx(12), "words")
    assert natural(by_name["dialogue"], 0.25) == (25, "%")
    assert shown(25.0, "%") == "25.0%"
    assert shown(1.234, "per 100") == "1.23 per 100"
    assert shown(123.4, "words") == "123 words"
