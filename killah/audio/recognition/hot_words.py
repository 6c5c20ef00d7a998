"""Words a user is likely to say, names above all: a bonus for each letter on the way to one.

Shallow fusion with a trie over phrases (Zhao et al. 2019, "Shallow-fusion end-to-end contextual biasing"):
letters that lead into a phrase earn the bonus at once, so that the phrase survives the search, and pay it
back where the phrase is not completed. A phrase begins and ends with a word. What one phrase can earn is
bounded: a name far from what was heard stays out, however long it is.
"""

from collections.abc import Iterable
from typing import NamedTuple

Node = dict[str, "Node"]  # by letter; an empty key where a phrase ends


class Match(NamedTuple):
    """A phrase that has begun: where it is in the trie, its letters so far, what it has earned for good."""

    node: Node
    letters: int
    earned: float


Matches = tuple[Match, ...]


class HotWords:
    """Phrases as `killah.metrics.spoken` writes them; `bonus` in nats a letter, `most` in nats a phrase.

    In a word model their words are at least as likely as `log_p` says: known, if rare. That does most. Both
    numbers were chosen on two authors' names in synthetic speech: with more of either, names are written that
    nobody said.
    """

    def __init__(
        self, phrases: Iterable[str], *, bonus: float = 0.25, most: float = 4.0, log_p: float = -8.0
    ) -> None:
        self.bonus, self.log_p = bonus, log_p
        self._most = most
        self._root: Node = {}
        words: set[str] = set()
        for phrase in phrases:
            words.update(phrase.split())
            node = self._root
            for letter in phrase:
                node = node.setdefault(letter, {})
            node[""] = {}
        self.words = frozenset(words)

    def begin(self) -> Matches:
        """Before the first word."""
        return (Match(self._root, 0, 0.0),)

    def letter(self, matches: Matches, letter: str) -> Matches:
        """The phrases that go on with `letter`."""
        return tuple(
            Match(match.node[letter], match.letters + 1, match.earned)
            for match in matches
            if letter in match.node
        )

    def end_word(self, matches: Matches) -> tuple[Matches, float]:
        """The phrases that go on after a word and those that may begin now; and what completed ones earn."""
        earned, going = 0.0, []
        for match in matches:
            done = "" in match.node
            worth = self._worth(match.letters)
            if done:
                earned = max(earned, worth - match.earned)
            if " " in match.node:
                going.append(Match(match.node[" "], match.letters, worth if done else match.earned))
        return (*going, *self.begin()), earned

    def hope(self, matches: Matches) -> float:
        """What the phrases that have begun lend until they are completed or not."""
        return max((self._worth(match.letters) - match.earned for match in matches), default=0.0)

    def _worth(self, letters: int) -> float:
        return min(self.bonus * letters, self._most)
