import pytest

from killah.persona.profile import mattr, measure


def profile(*documents):
    passages = [(text, number) for number, text in enumerate(documents)]
    return measure(
        passages, {"txt": len(documents)}, {"documents": len(documents), "words": 0, "passages": 0}
    )


def test_rates_are_what_one_counts_by_hand():
    """20 words in sentences of 10, 5 and 5, five of them in quotation marks."""
    text = (
        "One two, three four; five six — seven eight, nine ten! "
        "Don't you – it’s — know me? “Five words are said here.”"
    )
    found = profile(text)
    assert found.measured_words == 20
    assert found.marks_per_1000_words == {
        "commas": 100, "semicolons": 50, "colons": 0, "dashes": 150,
        "exclamations": 50, "questions": 50, "contractions": 100,
    }  # fmt: skip
    assert found.dialogue_share == 0.25
    assert found.sentence_words == pytest.approx(20 / 3, abs=0.05)


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


def test_phrases_come_back_whole():
    text = "She was at any rate a matter of great fairy tales. It was cold."
    found = profile(text, text.replace("cold", "warm"), text.replace("cold", "wet"))
    assert any("fairy tales" in phrase for phrase in found.characteristic_phrases)
    assert len(found.characteristic_phrases) == len(set(found.characteristic_phrases))


def test_an_empty_persona_has_a_profile():
    assert profile().measured_words == 0
