"""Marks and capitals: counted by hand."""

import pytest

from killah.metrics.marks import Counts, compared, marks


def test_a_text_is_words_capitals_and_marks():
    words, capitals, behind = marks("“Well,” said Ann; don't go. No?")
    assert words == ["well", "said", "ann", "don't", "go", "no"]
    assert capitals == [True, False, True, False, False, True]
    assert behind == [",", "", ";", "", ".", "?"]


def test_counts_by_hand():
    found = compared("Yes, I saw Ann. Did you?", "Yes I saw, ann. Did you.")
    assert found[","] == Counts(0, 2)  # one missing, one too many
    assert found["."] == Counts(1, 3)
    assert found["?"] == Counts(0, 1)
    assert found["all"] == Counts(1, 6)
    assert found["capitals"] == Counts(3, 7)  # Yes, I, Did; Ann is missing


def test_other_words_cannot_be_compared():
    with pytest.raises(ValueError, match="not the same words"):
        compared("Yes I did.", "Yes we did.")
