"""How somebody writes, in numbers and examples: what `killah persona show` prints.

Rates are per 1,000 words. Vocabulary is the moving-average type-token ratio (MATTR; Covington & McFall,
2010) over windows of 500 words, which unlike the plain ratio does not fall with length.
"""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, pstdev

from killah.persona.habits import Sentence, characteristic_phrases, characteristic_words, typical_sentences
from killah.persona.sentences import sentences, words
from killah.persona.store import Store
from killah.persona.tone import min_p

_WINDOW = 500  # words, MATTR
_MOST_WORDS = 300_000  # measured at most: passages evenly taken from a larger persona
_WORDS, _PHRASES, _SENTENCES = 20, 12, 2  # shown

_MARKS = {
    "commas": re.compile(r","),
    "semicolons": re.compile(r";"),
    "colons": re.compile(r":(?!\d)"),
    "dashes": re.compile(r"[—–]|(?<=\s)--?(?=\s)|(?<=\w)--(?=\w)"),
    "exclamations": re.compile(r"!"),
    "questions": re.compile(r"\?"),
    "contractions": re.compile(r"[^\W\d_](?:n['’]t|['’](?:s|m|re|ve|ll|d))\b", re.IGNORECASE),
}
_SPEECH = re.compile(r"“[^”]{1,2000}”|\"[^\"]{1,2000}\"|«[^»]{1,2000}»")


@dataclass(frozen=True)
class Profile:
    """A persona's habits. Counts are of the whole persona, all else of `measured_words`."""

    documents: int
    formats: dict[str, int]
    words: int
    passages: int
    measured_words: int
    sentence_words: float
    sentence_words_deviation: float
    word_letters: float
    marks_per_1000_words: dict[str, float]
    dialogue_share: float
    vocabulary_mattr: float
    characteristic_words: list[str]
    characteristic_phrases: list[str]
    example_sentences: list[str]


def profile(path: Path) -> Profile:
    """Measure the persona stored in `path`."""
    with Store.open(path) as store:
        counts, passages = store.counts(), store.texts()
        formats = Counter(entry.format for entry in store.entries().values() if entry.words)
    every = 1 + counts["words"] // _MOST_WORDS
    return measure(passages[::every], dict(formats.most_common()), counts)


def measure(passages: list[tuple[str, int]], formats: dict[str, int], counts: dict[str, int]) -> Profile:
    """The profile of passages, each with its document's number. `counts` as `Store.counts` gives them."""
    text = "\n\n".join(passage for passage, _ in passages)
    split = _sentences(passages)
    tokens = [word for sentence in split for word in sentence.words]
    lengths = [len(sentence.words) for sentence in split if sentence.words] or [0]
    terms = characteristic_words(split)
    return Profile(
        **counts,
        formats=formats,
        measured_words=len(tokens),
        sentence_words=round(fmean(lengths), 1),
        sentence_words_deviation=round(pstdev(lengths), 1),
        word_letters=round(fmean(map(len, tokens or [""])), 2),
        marks_per_1000_words={name: _rate(mark, text, len(tokens)) for name, mark in _MARKS.items()},
        dialogue_share=round(_spoken(text) / max(len(tokens), 1), 3),
        vocabulary_mattr=round(mattr(tokens), 3),
        characteristic_words=terms[:_WORDS],
        characteristic_phrases=characteristic_phrases(split)[:_PHRASES],
        example_sentences=typical_sentences(split, terms[: 2 * _WORDS])[:_SENTENCES],
    )


def mattr(tokens: list[str], window: int = _WINDOW) -> float:
    """Mean share of different words over every window of words; of all words where they are fewer."""
    if len(tokens) <= window:
        return len(set(tokens)) / max(len(tokens), 1)
    inside = Counter(tokens[:window])
    total = len(inside)
    for leaving, entering in zip(tokens, tokens[window:], strict=False):
        inside[entering] += 1
        inside[leaving] -= 1
        if not inside[leaving]:
            del inside[leaving]
        total += len(inside)
    return total / (window * (len(tokens) - window + 1))


def _sentences(passages: list[tuple[str, int]]) -> list[Sentence]:
    return [
        Sentence.of(sentence, document)
        for passage, document in passages
        for paragraph in passage.split("\n\n")
        for sentence in sentences(paragraph)
    ]


def _rate(mark: re.Pattern[str], text: str, count: int) -> float:
    return round(1000 * len(mark.findall(text)) / max(count, 1), 1)


def _spoken(text: str) -> int:
    """Words between quotation marks."""
    return sum(len(words(speech)) for speech in _SPEECH.findall(text))
