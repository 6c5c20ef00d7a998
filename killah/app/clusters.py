"""What a reader takes for one letter: "й" from a Mac is two characters, a family of emoji five or more.

The rules of Unicode's annex 29 that matter for prose: marks, joiners, skin tones, flags.
"""

import unicodedata

from textual.document._document import Location
from textual.document._document_navigator import DocumentNavigator

JOINER = "\u200d"
TONES = range(0x1F3FB, 0x1F400)
FLAGS = range(0x1F1E6, 0x1F200)  # two of these letters are one flag


def inside(line: str, column: int) -> bool:
    """Whether a column is between the characters of one letter."""
    if not 0 < column < len(line):
        return False
    before, after = line[column - 1], line[column]
    if after.isascii():
        return False
    if JOINER in (before, after) or ord(after) in TONES:
        return True
    if ord(after) in FLAGS:
        return _flags_before(line, column) % 2 == 1
    return unicodedata.category(after) in ("Mn", "Me")


def _flags_before(line: str, column: int) -> int:
    count = 0
    while count < column and ord(line[column - 1 - count]) in FLAGS:
        count += 1
    return count


class LetterNavigator(DocumentNavigator):
    """Left and right go by letters, not by characters; so do the keys that delete one."""

    def get_location_left(self, location: Location) -> Location:
        """One letter to the left, or the end of the line above."""
        row, column = super().get_location_left(location)
        while inside(self._document[row], column):
            column -= 1
        return row, column

    def get_location_right(self, location: Location) -> Location:
        """One letter to the right, or the start of the line below."""
        row, column = super().get_location_right(location)
        while inside(self._document[row], column):
            column += 1
        return row, column
