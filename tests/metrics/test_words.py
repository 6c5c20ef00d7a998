"""Whether ghost text was right is decided here; a loose rule would flatter every figure."""

import pytest

from killah.metrics.words import first_word, first_word_matches, words


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (" house, and", " house"),
        ("house", "house"),
        (" don’t go", " don’t"),
        ("'t go", "'t"),  # the caret stands after "don"
        (" well-known man", " well-known"),
        (", and", ","),
        ("” said he", "”"),
        ("\n\nThe next", "\n\nThe"),
        (" дома ночью", " дома"),
        ("  ", ""),
        ("", ""),
    ],
)
def test_first_words(text: str, word: str) -> None:
    assert first_word(text) == word


def test_words_join_to_the_text() -> None:
    text = "“It can’t be,” said the half-blind man -- and sat down."
    assert "".join(words(text)) == text
    assert len(words(text)) == 14


def test_only_the_very_word_is_right() -> None:
    assert first_word_matches(" house of", " house, and")
    assert not first_word_matches(" houses", " house")
    assert not first_word_matches(" House", " house")
    assert not first_word_matches("house", " house")
    assert not first_word_matches("", " house")
    assert not first_word_matches("", "")


def test_inside_a_word_its_rest_is_the_word() -> None:
    assert first_word_matches("use was", "use, and")
    assert not first_word_matches("use", "useful")
