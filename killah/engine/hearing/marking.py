"""Marks and capitals for words that were said, by a model that is held to these words.

The adapter `dictation` is shown all the words and asked for the text; while it answers, every token is out of
the question that does not spell the next word, capital or not, or one mark before it. So it can neither add a
word nor lose one, and whatever it has learned shows in marks and capitals alone. A sentence that stands open
before the words is given as the answer's beginning.
"""

from collections.abc import Generator, Iterator, Sequence

import mlx.core as mx
import numpy as np

from killah.audio.dictation.text import Marked
from killah.engine.prompt import Slot, SoftToken, head
from killah.engine.session import Session
from killah.gemma.instructions import instructed
from killah.gemma.stack import Blend
from killah.gemma.tokenizer import Tokenizer
from killah.metrics.spoken import spoken
from killah.persona.sentences import sentences

TASK, ADAPTER = "dictate", "dictation"
MARKS = (",", ".", "?", "!", ";", ":")
ENDS = ".?!"  # a capital follows
OPEN = 240  # characters of a sentence that stands open, its end


def open_sentence(before: str) -> str:
    """The sentence that is not over at the end of `before`, or nothing."""
    line = before.rpartition("\n")[2][-OPEN:].rstrip()
    last = sentences(line)[-1] if line else ""
    return "" if last.rstrip("\"'”’)")[-1:] in ENDS else last


def marked(
    session: Session,
    tokenizer: Tokenizer,
    words: Sequence[str],
    before: str,
    *,
    blend: Blend,
    ends: Sequence[int],
    persona: Sequence[SoftToken] = (),
) -> Iterator[list[Marked] | None]:
    """The words with marks and capitals; None between tokens, and then all of them.

    A word that has a capital already is a name, spelled as it must be. `ends` are the ids that end an answer.
    """
    begun = open_sentence(before)
    asked = instructed(tokenizer, ADAPTER, f"{spoken(begun)} {' '.join(words).lower()}".strip())
    slots: list[Slot] = [*head(tokenizer, 0, persona=persona), *asked, *tokenizer.encode(begun)]
    yield from session.prefill(slots, blend)
    spelling = _Spelling(session, tokenizer)
    found: list[Marked] = []
    for word in words:
        marks = MARKS if found or begun[-1:].isalnum() else ()
        way = yield from spelling.next(_ways(word, marks, " " if found or begun else ""))
        mark, _, form = way.rpartition(" ")
        found.append(Marked(form, mark))
    found.append(Marked("", spelling.end(ends)))
    yield found


def _ways(word: str, marks: Sequence[str], space: str) -> list[str]:
    """Every way to go on with a word: a mark or none, a space, a capital or none."""
    forms = [word] if word != word.lower() else [word, word[:1].upper() + word[1:]]
    ways = [space + form for form in forms]
    for mark in marks:
        ways += [f"{mark} {form}" for form in (forms[-1:] if mark in ENDS else forms)]
    return ways


class _Spelling:
    """Goes on with the likeliest tokens of those that spell what is allowed."""

    def __init__(self, session: Session, tokenizer: Tokenizer) -> None:
        self._session, self._bytes = session, tokenizer.token_bytes
        self._ids = tokenizer.id_of

    def next(self, ways: list[str]) -> Generator[None, None, str]:
        """Spell one of `ways` to its end, and return it; yields between tokens."""
        left = {way: way.encode() for way in ways}
        while True:
            token = self._best({i for rest in left.values() for i in self._prefixes(rest)})
            new = self._bytes[token]
            left = {way: rest[len(new) :] for way, rest in left.items() if rest.startswith(new)}
            self._session.step(token)
            if done := [way for way, rest in left.items() if not rest]:
                return done[0]
            yield

    def end(self, ends: Sequence[int]) -> str:
        """The mark at the end, or none."""
        marks = {self._ids[mark.encode()]: mark for mark in MARKS if mark.encode() in self._ids}
        return marks.get(self._best({*marks, *ends}), "")

    def _prefixes(self, rest: bytes) -> Iterator[int]:
        return (self._ids[rest[:n]] for n in range(1, len(rest) + 1) if rest[:n] in self._ids)

    def _best(self, allowed: set[int]) -> int:
        ids = sorted(allowed)
        return ids[int(np.array(mx.argmax(self._session.logits[mx.array(ids)])))]
