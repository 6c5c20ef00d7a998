"""Phrases that are spelled almost like what was heard: a small recogniser drops and swaps letters.

Nearness is edit distance over the letters, spaces left out, for a recogniser splits and joins words too
("newline", "semi colon"). What was heard in place of a phrase's words must be no word of the language:
"scrach that" is "scratch that", "scratch hat" is what it says.
"""

from collections.abc import Sequence

import numpy as np

LETTERS_AN_ERROR, MOST_ERRORS = 5, 4  # one error is forgiven in this many letters; errors at most


class Near:
    """A fixed set of phrases, ready to be asked for those near to what was heard."""

    def __init__(self, phrases: Sequence[str], ordinary: frozenset[str]) -> None:
        self.phrases = sorted(phrases, key=lambda phrase: len(_joined(phrase)))
        self._letters = [_joined(phrase) for phrase in self.phrases]
        self._lengths = np.array([len(letters) for letters in self._letters])
        self._words = [frozenset(phrase.split()) for phrase in self.phrases]
        self._counts = np.stack([_count(letters) for letters in self._letters])
        self._ordinary = ordinary

    def best(self, heard: str) -> list[str]:
        """The phrases that `heard` may be a misspelling of and that are equally near to it."""
        words = frozenset(heard.split())
        meant = words & self._ordinary
        letters = _joined(heard)
        allowed = min(len(letters) // LETTERS_AN_ERROR, MOST_ERRORS)
        found: list[tuple[int, str]] = []
        for place in self._possible(letters, allowed):
            # Nor may all be there but a word: "capitalise" is not short for "capitalise it".
            if meant <= self._words[place] and not words < self._words[place]:
                distance = edit_distance(letters, self._letters[place], allowed)
                if distance <= allowed:
                    found.append((distance, self.phrases[place]))
        least = min(found)[0] if found else 0
        return [phrase for distance, phrase in found if distance == least]

    def nearest(self, heard: str, most: int) -> list[tuple[str, int]]:
        """The `most` nearest phrases and their distances, whatever was heard; nearest first."""
        letters = _joined(heard)
        places = np.argsort(self._bounds(letters, slice(None)), kind="stable")[: 4 * most]
        found = sorted((edit_distance(letters, self._letters[place], 10**6), place) for place in places)
        return [(self.phrases[place], distance) for distance, place in found[:most]]

    def _possible(self, letters: str, allowed: int) -> list[int]:
        """Places of phrases whose letters, in any order, differ no more than is allowed."""
        window = [len(letters) - allowed, len(letters) + allowed + 1]
        first, last = np.searchsorted(self._lengths, window).tolist()
        return (first + np.flatnonzero(self._bounds(letters, slice(first, last)) <= allowed)).tolist()

    def _bounds(self, letters: str, part: slice) -> np.ndarray:
        """What each distance is at least: letters too many or too few, (phrases,)."""
        difference = self._counts[part] - _count(letters)
        more = np.maximum(difference, 0).sum(axis=1)
        return np.maximum(more, more - difference.sum(axis=1))


def _joined(phrase: str) -> str:
    return phrase.replace(" ", "").replace("'", "")


def _count(letters: str) -> np.ndarray:
    """How often each letter occurs, hashed into 32 places: a bound holds for sums of letters too."""
    places = np.frombuffer(letters.encode("utf-16-le"), np.uint16) & 31
    return np.bincount(places, minlength=32).astype(np.int16)


def edit_distance(first: str, second: str, limit: int) -> int:
    """Levenshtein's distance; anything above `limit` once it must be."""
    if abs(len(first) - len(second)) > limit:
        return limit + 1
    row = list(range(len(second) + 1))
    for place, letter in enumerate(first, 1):
        diagonal, row[0] = row[0], place
        for column, other in enumerate(second, 1):
            change = diagonal + (letter != other)
            diagonal = row[column]
            row[column] = min(change, diagonal + 1, row[column - 1] + 1)
        if min(row) > limit:
            return limit + 1
    return row[-1]
