"""Errors are counted in what was said: a wrong rule here would blame or flatter every recogniser."""

import pytest

from killah.metrics.spoken import spoken


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("“Don’t go!” he said—twice.", "don't go he said twice"),
        ("'Tis the dogs' well-known café", "tis the dogs well known cafe"),
        ("I have 3 cats, 21 dogs and 100 fleas.", "i have three cats twenty one dogs and one hundred fleas"),
        ("0 or 40?", "zero or forty"),
        ("In 1815, at 3.5 or 12:30, room 007", "in 1815 at 3 5 or 12 30 room 007"),
        ("Ещё 22 человека, мой дом", "еще двадцать два человека мой дом"),
        ("Йод, её 100", "йод ее сто"),
        ("snake_case — …", "snake case"),
        ("", ""),
    ],
)
def test_text_as_it_is_spoken(text: str, words: str) -> None:
    assert spoken(text) == words


def test_spoken_text_stays_as_it_is() -> None:
    once = spoken("The 3rd of May's 20 well-known naïve “quotes”")
    assert spoken(once) == once
