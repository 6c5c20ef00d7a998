import json
from dataclasses import asdict

import numpy as np
import pytest

from killah.persona.population import Population
from killah.persona.profile import mattr, measure
from killah.persona.rhythm import BINS


def profile(*documents):
    passages = [(text, number) for number, text in enumerate(documents)]
    return measure(
        passages, {"txt": len(documents)}, {"documents": len(documents), "words": 0, "passages": 0}
    )


def feature(found, name):
    return next(each for each in found.features if each.name == name)


def test_rates_are_what_one_counts_by_hand():
    """20 words in sentences of 10, 5 and 5, five of them in quotation marks."""
    text = (
        "One two, three four; five six — seven eight, nine ten! "
        "Don't you – it’s — know me? “Five words are said here.”"
    )
    found = profile(text)
    assert found.measured_words == 20
    marks = {"commas": 10, "semicolons": 5, "colons": 0, "dashes": 15, "exclamations": 5, "questions": 5}
    for name, rate in marks.items():
        assert (feature(found, name).value, feature(found, name).unit) == (rate, "per 100")
    assert (feature(found, "dialogue").value, feature(found, "dialogue").unit) == (25, "%")
    assert feature(found, "sentence length").value == pytest.approx(20 / 3, abs=0.05)
    assert found.sentence_words == pytest.approx(20 / 3, abs=0.05)
    assert found.sentence_lengths == pytest.approx([2 / 3, 1 / 3, *[0] * (BINS - 2)], abs=1e-4)


def test_features_are_beside_the_authors_of_the_language():
    found = profile("It was; it is; it will be; so be it; amen; and so on; and so forth; and then no more.")
    place = feature(found, "semicolons")
    assert found.reference_authors == len(Population.of("en").names)
    assert place.percentile == 100
    assert 0 < place.usual < 5 < place.value
    assert {each.group for each in found.features} == {
        "rhythm", "punctuation", "vocabulary", "person", "tense", "formality", "dialogue", "function words",
    }  # fmt: skip
    assert found.strongest(1)[0].percentile in (0, 100)
    assert json.loads(json.dumps(asdict(found)))["min_p"] == found.min_p


def test_the_main_language_is_measured():
    russian = "Он вышел из дома и пошёл по улице. Было очень холодно, и снег ещё лежал на крышах."
    found = profile(russian, russian + " Да.", "One English paper among them.")
    assert (found.language, found.language_share) == ("ru", pytest.approx(2 / 3, abs=1e-3))
    assert found.measured_words == 2 * 17 + 1
    assert feature(found, "и").value > 0
    assert not any(each.name == "the" for each in found.features)


def test_mattr_is_the_mean_over_windows():
    # Windows of 3 over a a b c a: {a,b} 2/3, {a,b,c} 1, {b,c,a} 1.
    assert mattr(list("aabca"), window=3) == pytest.approx((2 / 3 + 1 + 1) / 3)
    assert mattr(["a", "b", "a"]) == pytest.approx(2 / 3)
    assert mattr([]) == 0


def test_words_that_english_uses_less_are_characteristic_and_names_are_not():
    text = "The lantern burned. Then Thomas took a lantern and put the lantern near Thomas. A man came."
    found = profile(text, text.replace("burned", "glowed"), text)
    assert found.characteristic_words[0] == "lantern"
    assert "thomas" not in found.characteristic_words
    assert "the" not in found.characteristic_words


def test_russian_has_its_own_ordinary_words():
    """The commonest words and a common noun give way to a rare one; names are left out."""
    text = "Фонарщик шёл по улице, и Фома видел, что фонарщик несёт фонарь. Человек стоял, и Фома ушёл."
    found = profile(text, text.replace("стоял", "сидел"), text)
    assert found.characteristic_words[:1] == ["фонарщик"]
    assert found.characteristic_words.index("человек") > found.characteristic_words.index("фонарь")
    assert not {"фома", "что", "по"} & set(found.characteristic_words)
    phrases = ["так сказать, в самом деле, было холодно", "так сказать, в самом деле, стало тепло"]
    said = profile(*(f"Это, {each}. Он пришёл, {each}." for each in [*phrases, *phrases]))
    assert any("в самом деле" in each for each in said.characteristic_phrases)
    assert not any(each.startswith("и ") or each.endswith(" в") for each in said.characteristic_phrases)


def test_phrases_come_back_whole():
    text = "She was at any rate a matter of great fairy tales. It was cold."
    found = profile(text, text.replace("cold", "warm"), text.replace("cold", "wet"))
    assert any("fairy tales" in phrase for phrase in found.characteristic_phrases)
    assert len(found.characteristic_phrases) == len(set(found.characteristic_phrases))


def test_an_empty_persona_has_a_profile():
    found = profile()
    assert (found.measured_words, found.features) == (0, [])
    assert found.min_p == pytest.approx(0.1, abs=0.05)
    assert np.isfinite(found.formality)
