import pytest

from killah.persona.rhythm import BINS, histogram


def test_sentences_are_counted_by_length():
    """Lengths 5, 6, 1 and 60 words: the last bin takes what is longer than 50."""
    text = "One two three four five. One two three four five six.\n\nStop! Long" + " word" * 59 + "."
    shares = histogram([text])
    assert shares[[0, 1, BINS - 1]] == pytest.approx([0.5, 0.25, 0.25])
    assert shares.sum() == pytest.approx(1)


def test_no_sentence_has_no_rhythm():
    assert histogram([]).sum() == 0
    assert histogram(["12 34"]).sum() == 0
