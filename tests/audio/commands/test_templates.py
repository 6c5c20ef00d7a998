"""The language of the command tables: a mistake in it would lose commands silently."""

import pytest

from killah.audio.commands.templates import Templates, pattern

TEMPLATES = Templates({"last": ["[the] last"]}, {"unit": {"word": ["{last} word", "word"], "all": ["all"]}})


def said(template):
    return [" ".join(phrase.words) for phrase in TEMPLATES.expand(template)]


def test_choices_options_lists_and_slots():
    assert said("(a|b c) [d]") == ["a d", "a", "b c d", "b c"]
    assert said("[(x|y)]") == ["x", "y", ""]
    assert said("{last} # words") == ["the last # words", "last # words"]
    phrases = TEMPLATES.expand("delete <unit>")
    assert [phrase.arguments for phrase in phrases] == [(("unit", "word"),)] * 3 + [(("unit", "all"),)]


@pytest.mark.parametrize("template", ["(a", "a)", "[a", "a]", "(a]"])
def test_brackets_that_do_not_match_are_named(template):
    with pytest.raises(ValueError, match=r"close"):
        TEMPLATES.expand(template)


def test_free_slots_take_any_words():
    match = pattern("replace [all] <old> (with|by) <new>").fullmatch("replace all the cats by dogs ")
    assert match is not None
    assert match.groupdict() == {"old": "the cats ", "new": "dogs "}
