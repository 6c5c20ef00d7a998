"""The text model. If these fail, files lose characters or the word count drifts."""

import random

import pytest

from killah.app.plain_text import PlainText, count_words


@pytest.mark.parametrize("odd", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\r"])
def test_only_a_newline_breaks_a_line(odd):
    text = f"one{odd}two\nthree"
    document = PlainText(text)
    assert document.line_count == 2
    document.replace_range((1, 5), (1, 5), "!")
    assert document.text == text + "!"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("one", 1),
        ("don't stop", 2),
        ("a well-known fact", 3),
        ("— *** —", 0),
        ("Он шёл домой.", 3),
        ("end—start", 2),
    ],
)
def test_words_are_counted_as_a_reader_would(text, words):
    assert PlainText(text).words == words


def test_random_edits_keep_text_words_and_characters_right():
    rng = random.Random(3)
    text = "one two\nthree four five\n\nsix"
    document = PlainText(text)
    for _ in range(300):
        a, b = sorted(rng.randrange(len(document.text) + 1) for _ in range(2))
        b = min(b, a + 6)
        new = rng.choice(["", "x", " ", "\n", "two words", "a\nb\n", "é"])
        text = text[:a] + new + text[b:]
        start, end = document.get_location_from_index(a), document.get_location_from_index(b)
        result = document.replace_range(*rng.choice([(start, end), (end, start)]), new)
        assert document.text == text
        assert document.index(result.end_location) == a + len(new)
        assert document.words == count_words(text.split("\n"))
        assert document.characters == len(text)


def test_each_change_is_told_before_it_happens():
    document = PlainText("ab\ncd")
    seen = []
    document.before_change = lambda doc, start, end, text: seen.append((doc.text, start, end, text))
    document.replace_range((1, 1), (0, 1), "-")
    document.replace_range((0, 1), (0, 1), "")  # nothing
    assert seen == [("ab\ncd", (0, 1), (1, 1), "-")]
    assert document.text == "a-d"


def test_index_is_the_offset_in_the_text():
    document = PlainText("ab\n\ncdé")
    assert [document.index(place) for place in [(0, 0), (0, 2), (1, 0), (2, 3)]] == [0, 2, 3, 7]
