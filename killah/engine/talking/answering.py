"""A question, and the sentence of the owner's documents that answers it, or nothing.

Every sentence of the passages found is a candidate. What it has in common with the question, in meaning and
in words, gives the probability that it is the right one by a logistic model; where the best stays below
`THRESHOLD` nothing is said. Most sentences are wrong, so probabilities are small. Weights and threshold are
from `python -m tools.evaluate answers --fit`: of 71 questions about documents that were left out, 2 % are
answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from killah.audio.commands.tables import Language
from killah.audio.dictation.language import language_of
from killah.engine.talking.lookup import Found, Libraries
from killah.engine.talking.words import asked, content, coverage, stems
from killah.metrics.calibration import sigmoid
from killah.persona.embedding import Embedder
from killah.persona.sentences import sentences, words

# Cosine to the question; how much of its words is in the sentence, and in the passage or its document's name;
# whether the sentence is a question; whether it has no end, as a heading.
FEATURES = ("meaning", "words", "passage_words", "asks", "fragment")
# Intercept, and a weight for each. The embedder inside knows no Russian: there words alone count.
WEIGHTS: dict[Language, tuple[float, tuple[float, ...]]] = {
    "en": (-6.86, (3.46, 2.22, 2.73, -0.24, -0.64)),
    "ru": (-6.62, (0.0, 3.89, 2.64, -0.14, -0.75)),  # the intercept makes the threshold the same
}
THRESHOLD = 0.17

_ENDS = ".!?…”\"'’»)"
_LEANING = frozenset(  # a sentence that begins so says little without the one before it
    """
    he she it they this that these those his her its their so but and then there
    он она оно они это его ее их эти этот так но и а потом там
    """.split()
)


@dataclass(frozen=True)
class Candidate:
    """A sentence that may answer: in which passage, at which place, with `features` (FEATURES,)."""

    sentence: str
    before: str
    found: Found
    features: np.ndarray
    score: float  # the probability that it is the right one


@dataclass(frozen=True)
class Answer:
    """A sentence that answers, word for word; `score` is the probability that it is the right one."""

    quote: str
    passage: str
    path: str
    score: float

    @property
    def known(self) -> bool:
        """Whether it is likely enough to be said."""
        return self.score >= THRESHOLD

    @property
    def title(self) -> str:
        """The document as one would name it aloud."""
        return title(self.path)


class Answering:
    """Answers from what the personas of a blend have read. Safe from one thread at a time."""

    def __init__(self, libraries: Libraries) -> None:
        self._libraries = libraries

    def ask(self, question: str) -> list[Answer]:
        """What may answer, one sentence of each passage, the likeliest first; perhaps none is `known`."""
        plain = asked(question)
        if not content(plain):
            return []
        query = self._libraries.embedder.encode([plain])[0]
        found = self._libraries.find(plain, query)
        best: dict[Found, Candidate] = {}
        for each in candidates(plain, query, found, self._libraries.embedder):
            if each.found not in best or each.score > best[each.found].score:
                best[each.found] = each
        ranked = sorted(best.values(), key=lambda candidate: -candidate.score)
        return [Answer(quoted(each), each.found.text, each.found.path, each.score) for each in ranked]


def candidates(
    question: str, query: np.ndarray, found: Sequence[Found], embedder: Embedder
) -> list[Candidate]:
    """Every sentence of the passages, with what it has in common with the question."""
    parted = [cut(each.text) for each in found]
    texts = [text for each, parts in zip(found, parted, strict=True) for text in (each.text, *parts)]
    if not texts:
        return []
    meaning = dict(zip(texts, embedder.encode(texts) @ query, strict=True))
    wanted, language = content(question), language_of(question)
    made = []
    for each, parts in zip(found, parted, strict=True):
        around = stems(each.text) | stems(title(each.path))
        for place, sentence in enumerate(parts):
            row = np.array(
                [
                    meaning[sentence],
                    coverage(wanted, stems(sentence)),
                    coverage(wanted, around),
                    float(sentence.endswith("?")),
                    float(sentence[-1] not in _ENDS),
                ]
            )
            before = parts[place - 1] if place else ""
            made.append(Candidate(sentence, before, each, row, probability(row, language)))
    return made


def cut(passage: str) -> list[str]:
    """The sentences of a passage, in order."""
    return [sentence for part in passage.split("\n\n") for sentence in sentences(part.strip())]


def probability(features: np.ndarray, language: Language = "en") -> float:
    """That a sentence with these features (FEATURES,) is the one that was asked for."""
    intercept, weights = WEIGHTS[language]
    return float(sigmoid(intercept + features @ np.array(weights)))


def quoted(candidate: Candidate) -> str:
    """The sentence, with the one before it where it leans on that."""
    first = words(candidate.sentence)[:1]
    leans = bool(first) and first[0].lower() in _LEANING
    whole = f"{candidate.before} {candidate.sentence}" if leans else candidate.sentence
    return " ".join(whole.split())


def title(path: str) -> str:
    """A file's name without its ending, as words."""
    return " ".join(PurePath(path).stem.replace("-", " ").replace("_", " ").split())
