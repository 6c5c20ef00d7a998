"""An answer in a larger base's own words, kept to the passage: what is not in it is not said.

A base that was only pretrained goes on from examples, so the prompt is two of them and the question. Its
words are checked against the passage, and where they leave it, the sentence itself is the answer.
"""

import re
from collections.abc import Iterator

from killah.engine.engine import Engine
from killah.engine.sampling import Sampling
from killah.engine.talking.answering import Answer
from killah.engine.talking.words import stems

LEAST = 1_000_000_000  # parameters of a base that can do it
LONGEST = 60  # tokens
STRANGE = 0.2  # share of an answer's words that may be neither in passage nor question

PROMPT = """Questions about documents. Every answer is one short sentence and says only what the passage says.

Passage: The boathouse was let to Mr. Harker in May, for three years. He paid the rent in advance.
Question: Who rents the boathouse?
Answer: Mr. Harker rents the boathouse.

Passage: Mother's ring is in the tin behind the flour. Nobody would look there, she says.
Question: Where did she put the ring?
Answer: The ring is in the tin behind the flour.

Passage: {passage}
Question: {question}
Answer:"""

_FACT = re.compile(r"\d[\d.,:]*\d|\d|(?<=\s)[A-ZА-ЯЁ][\w’'-]+")  # numbers, and names after the first word


class Phrasing:
    """Asks `engine` to put answers in its own words; `least` is the smallest base that is asked."""

    def __init__(self, engine: Engine, least: int = LEAST) -> None:
        self._engine = engine
        self.able = engine.info().parameters >= least

    def phrase(self, question: str, answer: Answer) -> str | None:
        """`answer` in other words; None where they would say what the passage does not."""
        if not self.able:
            return None
        passage = " ".join(answer.passage.split())
        prompt = PROMPT.format(passage=passage, question=" ".join(question.split()))
        job = self._engine.continuation(prompt, Sampling(temperature=0.0), max_tokens=LONGEST, passages=())
        text = " ".join(_first_line(iter(job)))
        job.cancel()
        return text if kept_to(text, f"{passage} {question}") else None


def kept_to(text: str, source: str) -> bool:
    """Whether `text` says nothing that is not in `source`: every number and name, and nearly every word."""
    said, there = stems(text), stems(source)
    if not said:
        return False
    facts = {fact for fact in _FACT.findall(text) if stems(fact)}
    return all(stems(fact) <= there for fact in facts) and len(said - there) <= STRANGE * len(said)


def _first_line(pieces: Iterator[str]) -> list[str]:
    """The words up to the end of the first line."""
    text = ""
    for piece in pieces:
        text += piece
        if "\n" in text.lstrip():
            break
    return text.strip().partition("\n")[0].split()
