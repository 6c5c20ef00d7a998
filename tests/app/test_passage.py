"""What is rewritten. If these fail, it is not what the writer meant, or blanks are lost with it."""

import pytest
from textual.document._document import Selection

from killah.app.passage import chosen, place_below
from killah.app.plain_text import PlainText

TEXT = "Title\n\nFirst line\nsecond line\n\n  Indented.  \n"


def passage(text, start, end=None):
    return chosen(PlainText(text), Selection(start, end or start))


@pytest.mark.parametrize(
    ("caret", "text"),
    [
        ((0, 0), "Title"),
        ((0, 5), "Title"),
        ((2, 3), "First line\nsecond line"),
        ((3, 11), "First line\nsecond line"),
        ((5, 0), "Indented."),
    ],
)
def test_without_a_selection_it_is_the_paragraph(caret, text):
    found = passage(TEXT, caret)
    assert found.text == text
    assert PlainText(TEXT).get_text_range(found.start, found.end) == text


@pytest.mark.parametrize(("text", "caret"), [("", (0, 0)), (TEXT, (1, 0)), (TEXT, (6, 0)), (" \t ", (0, 1))])
def test_there_is_nothing_where_there_are_no_words(text, caret):
    assert passage(text, caret) is None


def test_a_selection_of_blanks_is_nothing():
    assert passage(TEXT, (5, 0), (5, 2)) is None


@pytest.mark.parametrize("backwards", [False, True])
def test_a_selection_counts_in_either_direction_without_the_blanks_around_it(backwards):
    ends = [(1, 0), (5, 3)]
    found = passage(TEXT, *(reversed(ends) if backwards else ends))
    assert found.text == "First line\nsecond line\n\n  I"
    assert (found.start, found.end) == ((2, 0), (5, 3))


def test_it_knows_when_the_text_is_another():
    found = passage(TEXT, (2, 0))
    assert found.stands_in(PlainText(TEXT))
    assert found.stands_in(PlainText(TEXT + "more"))
    for other in ["", "Title", TEXT.replace("second", "other"), "x" + "\n" + TEXT]:
        assert not found.stands_in(PlainText(other))


@pytest.mark.parametrize(
    ("end", "place"),
    [
        ((0, 5), ((0, 5), "")),  # a blank line follows
        ((2, 5), ((3, 11), "")),  # in the middle of a line: after its paragraph
        ((2, 10), ((2, 10), "\n")),  # at the end of a line: there, with a blank line after it too
        ((5, 11), ((5, 13), "")),  # blanks at the end of a line stay on it
    ],
)
def test_a_new_paragraph_cuts_none_in_two(end, place):
    assert place_below(PlainText(TEXT), end) == place
