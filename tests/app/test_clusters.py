"""Letters of several characters. If these fail, a key leaves half a letter behind."""

from itertools import pairwise

import pytest
from scripted import editor

from killah.app.clusters import inside

FAMILY, FLAG, HAND, HEART = "👩‍👩‍👧", "🇷🇺", "👍🏽", "❤️"
SHORT_I, ACUTE = "и\u0306", "e\u0301"  # й and é as a Mac's file names have them
LETTERS = [FAMILY, FLAG, HAND, HEART, SHORT_I, ACUTE, "ก็", "日", "x", "🙂"]


@pytest.mark.parametrize("letter", LETTERS)
async def test_a_letter_is_one_step_and_is_deleted_whole(letter):
    app = editor(f"a{letter}b")
    async with app.run_test() as pilot:
        await pilot.press("right", "right")
        assert app.area.cursor_location == (0, 1 + len(letter))
        await pilot.press("left")
        assert app.area.cursor_location == (0, 1)
        await pilot.press("delete")
        assert app.area.text == "ab"
        await pilot.press("ctrl+z", "end", "left", "backspace")
        assert app.area.text == "ab"
        app.filing.forget()


def test_letters_beside_each_other_stay_apart():
    line = "".join(LETTERS) + FLAG * 3
    begins = [column for column in range(len(line) + 1) if not inside(line, column)]
    parts = [line[start:end] for start, end in pairwise(begins)]
    assert parts == [*LETTERS, FLAG, FLAG, FLAG]
