"""How much of what is said next is written: "transcribe the first half", "keep writing until I say done"."""

from collections.abc import Sequence

from killah.audio.commands import Command
from killah.audio.commands.matching import edit_distance
from killah.audio.recognition.ctc import Word

LETTERS_AN_ERROR = 4  # in the word to wait for, which may be heard wrongly


class Limit:
    """Made of a `transcribe` command: until words are said, or a part of the next utterances.

    Half of the next utterance, some of its words, or as many utterances as sentences were named. Where the
    command's value is `skip` that part is left out, and the rest is written.
    """

    def __init__(self, command: Command) -> None:
        self.then = command.then
        self._skip = command.value == "skip"
        self._until = command.old.lower().split()
        part = command.part
        self._unit = part.unit if part else "sentence"
        self._first = max(0, part.place) if part else 0
        self._count = part.count if part else 1
        self._last = bool(part and part.place < 0)
        self._utterances = 0

    @property
    def hides(self) -> bool:
        """Whether nothing of what is being said may be shown."""
        return self._skip

    def waits_for(self, words: Sequence[Word]) -> bool:
        """Whether an utterance has the words that end it."""
        return self._found(words) is not None

    def cut(self, words: Sequence[Word]) -> tuple[list[Word], bool]:
        """What is written of an utterance, and whether this was the last one that is limited."""
        if self._until:
            found = self._found(words)
            if found is None:
                return [] if self._skip else [*words], False
            start, end = found
            return [*words[end:]] if self._skip else [*words[:start]], True
        if self._unit in ("half", "word"):
            start, end = self._inside(len(words))
            return [*words[:start], *words[end:]] if self._skip else [*words[start:end]], True
        place = self._utterances
        self._utterances += 1
        inside = self._first <= place < self._first + self._count
        return [*words] if inside != self._skip else [], self._utterances >= self._first + self._count

    def _inside(self, count: int) -> tuple[int, int]:
        """From which word to which of an utterance of `count` words."""
        if self._unit == "half":
            middle = (count + 1) // 2
            return (0, middle) if self._first == 0 and not self._last else (middle, count)
        start = max(0, count - self._count) if self._last else self._first
        return start, start + self._count

    def _found(self, words: Sequence[Word]) -> tuple[int, int] | None:
        """Where the words to wait for are."""
        size, wanted = len(self._until), " ".join(self._until)
        for start in range(len(words) - size + 1) if size else ():
            heard = " ".join(word.text.lower() for word in words[start : start + size])
            allowed = len(wanted) // LETTERS_AN_ERROR
            if edit_distance(heard, wanted, allowed) <= allowed:
                return start, start + size
        return None
