"""Text cut into passages of 80 to 160 words at sentence ends: what is embedded, found and shown again.

The cut depends on the text alone. A passage ends at the first paragraph end after 80 words, so that a
change in one place leaves the passages of most others as they were, and their vectors with them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from killah.persona.sentences import sentences

SHORTEST, LONGEST = 80, 160  # words
_LONGEST_WORD = 200  # characters; anything longer is data, cut like one


@dataclass
class _Passage:
    text: list[str] = field(default_factory=list)  # sentences, each with what separates it from the last
    words: int = 0

    def add(self, sentence: str, count: int, separator: str) -> None:
        self.text += [separator, sentence] if self.text else [sentence]
        self.words += count


def chunks(text: str) -> list[str]:
    """Passages of `text` in order. A short last one is joined to the one before, where both fit."""
    passages: list[_Passage] = []
    current = _Passage()
    for paragraph in filter(str.strip, text.split("\n\n")):
        separator = "\n\n"
        for sentence, count in _pieces(paragraph.strip()):
            if current.words and current.words + count > LONGEST:
                passages.append(current)
                current = _Passage()
            current.add(sentence, count, separator)
            separator = " "
        if current.words >= SHORTEST:
            passages.append(current)
            current = _Passage()
    if current.words:
        passages.append(current)
    if len(passages) > 1 and passages[-1].words < SHORTEST:
        _join_last(passages)
    return ["".join(passage.text) for passage in passages]


def _join_last(passages: list[_Passage]) -> None:
    last, before = passages[-1], passages[-2]
    if before.words + last.words <= LONGEST:
        before.add("".join(last.text), last.words, "\n\n")
        passages.pop()


def _pieces(paragraph: str) -> Iterator[tuple[str, int]]:
    """Sentences with their word counts; one longer than a passage is cut between words."""
    for sentence in sentences(paragraph):
        parts = sentence.split()
        if len(parts) <= LONGEST and max(map(len, parts)) <= _LONGEST_WORD:
            yield sentence, len(parts)
            continue
        short = [part[at : at + _LONGEST_WORD] for part in parts for at in range(0, len(part), _LONGEST_WORD)]
        for at in range(0, len(short), LONGEST):
            piece = short[at : at + LONGEST]
            yield " ".join(piece), len(piece)
