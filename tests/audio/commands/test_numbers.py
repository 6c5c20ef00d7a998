"""Numbers in commands: "delete the last twenty five words" must not delete five."""

import pytest

from killah.audio.commands.numbers import Found, find
from killah.audio.commands.tables import table


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("seven", 7),
        ("twelve", 12),
        ("twenty five", 25),
        ("two hundred", 200),
        ("two hundred thirty one", 231),
        ("ninety nine", 99),
        ("15", 15),
    ],
)
def test_english_numbers(said, value):
    words = said.split()
    assert find(["last", *words, "words"], table("en").numbers) == Found(1, 1 + len(words), value)


@pytest.mark.parametrize(
    ("said", "value"), [("две", 2), ("двадцать пять", 25), ("сто сорок", 140), ("трех", 3)]
)
def test_russian_numbers(said, value):
    found = find(said.split(), table("ru").numbers)
    assert found is not None and found.value == value


@pytest.mark.parametrize("said", ["five two", "twenty thirty", "twelve twenty", "no number", "", "123456"])
def test_what_is_no_number(said):
    assert find(said.split(), table("en").numbers) is None
