"""Keystrokes saved by suggestions: a simulated writer, as ChaI-TeA defines it.

ChaI-TeA (Goren et al. 2024, arXiv 2412.18377; code amazon-science/ChaiTea-chat-interaction-autocomplete):
the writer types a known text. Of k suggestions at the caret the longest that the text goes on with is
accepted, at the price of one keystroke; with none, one character (or one word) is typed.

    saved@k = (accepted characters - accepts) / max(characters to type - 1, 1)
    acceptance rate = accepts / carets at which something was suggested

One difference: case counts here. Nobody accepts "the" who wants to write "The".
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from killah.metrics.words import first_word, words

Suggest = Callable[[str], Sequence[str]]
# (suggestions, text that follows) -> (characters accepted, keystrokes that cost); (0, 0) is a refusal.
Accept = Callable[[Sequence[str], str], tuple[int, int]]

_MIDDLE = re.compile(r"\w\w")


@dataclass(frozen=True)
class Typed:
    """Counts of one simulated writing of `length` characters."""

    length: int
    carets: int
    suggested: int
    accepts: int
    accepted: int
    keys: int

    @property
    def saved(self) -> float:
        """saved@k: share of the keystrokes that suggestions made unnecessary."""
        return (self.accepted - self.keys) / max(self.length - 1, 1)

    @property
    def acceptance_rate(self) -> float:
        """Accepts per suggestion shown; 0 where none was."""
        return self.accepts / self.suggested if self.suggested else 0.0


def accept_whole(suggestions: Sequence[str], rest: str) -> tuple[int, int]:
    """ChaI-TeA's rule: the longest suggestion that `rest` begins with and ends no word early; one key."""
    fitting = [len(s) for s in suggestions if s.strip() and _fits(s, rest)]
    return (max(fitting), 1) if fitting else (0, 0)


def accept_words(suggestions: Sequence[str], rest: str) -> tuple[int, int]:
    """What an editor's keys allow: the whole suggestion for one key, else its first words, a key each."""
    best = accept_whole(suggestions, rest)
    for suggestion in suggestions:
        taken = 0
        for key, word in enumerate(words(suggestion), start=1):
            if not _fits(suggestion[: taken + len(word)], rest):
                break
            taken += len(word)
            best = max(best, (taken, key), key=lambda choice: choice[0] - choice[1])
    return best


def type_out(
    before: str, text: str, suggest: Suggest, accept: Accept = accept_whole, *, by_word: bool = False
) -> Typed:
    """Type `text` after `before`; `suggest` gets all that stands before the caret.

    `by_word` types a whole word after a refusal instead of a character.
    """
    position = carets = suggested = accepts = accepted = keys = 0
    while position < len(text):
        suggestions = [s for s in suggest(before + text[:position]) if s]
        carets += 1
        suggested += bool(suggestions)
        taken, cost = accept(suggestions, text[position:])
        if taken:
            accepts, accepted, keys = accepts + 1, accepted + taken, keys + cost
        else:
            taken = (len(first_word(text[position:])) if by_word else 1) or 1
        position += taken
    return Typed(len(text), carets, suggested, accepts, accepted, keys)


def _fits(suggestion: str, rest: str) -> bool:
    """`rest` begins with `suggestion`, and no word of it is cut there."""
    if not rest.startswith(suggestion):
        return False
    return not _MIDDLE.fullmatch(rest[len(suggestion) - 1 : len(suggestion) + 1])
