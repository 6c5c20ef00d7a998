"""The examples of what can be said. If one is no command, a writer says it and it is written down."""

import pytest

from killah.app.sayings import SAYINGS
from killah.audio.dictation.language import understand

OTHERS = (
    "comma, full stop, open quote, new paragraph, redo, delete two words, delete everything, "
    "delete the last sentence, replace every cat with dog, uppercase that, lowercase that, cap next, "
    "put that in brackets, go to the beginning, stop, summarise that, rephrase the last sentence, "
    "accept word, reject, faster, slower, louder, start listening"
)


@pytest.mark.parametrize("said", [each for saying in SAYINGS for each in (saying.english, saying.russian)])
def test_every_example_is_understood_in_both_languages(said):
    assert understand(said) is not None


@pytest.mark.parametrize("said", OTHERS.split(", "))
def test_so_is_what_the_meanings_name(said):
    assert understand(said) is not None


@pytest.mark.parametrize("saying", SAYINGS)
def test_both_languages_mean_the_same(saying):
    english, russian = understand(saying.english), understand(saying.russian)
    assert english is not None and russian is not None and english.name == russian.name
