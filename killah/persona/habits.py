"""Words, phrases and sentences that are characteristic of a writer, against the language in general.

Names are left out: they belong to a story, not to a style.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import log2, prod

from killah.persona.ordinary import Ordinary, ordinary
from killah.persona.sentences import words
from killah.persona.style import Language

_LONGEST_PHRASE = 5  # words
_BEST = 60  # phrases among which a shorter one gives way to a longer one that holds it


@dataclass(frozen=True)
class Sentence:
    """A sentence, its words in lower case, which of them have a capital, the number of its document."""

    text: str
    words: list[str]
    capitals: list[bool]
    document: int

    @classmethod
    def of(cls, text: str, document: int) -> "Sentence":
        """Split `text` into words."""
        found = words(text)
        plain = [word.lower().replace("’", "'") for word in found]
        return cls(text, plain, [word[0].isupper() for word in found], document)


class _Tally:
    """How often things occur, and in how many documents."""

    def __init__(self) -> None:
        self.count: Counter[tuple[str, ...]] = Counter()
        self._documents: dict[tuple[str, ...], set[int]] = {}

    def add(self, run: tuple[str, ...], document: int) -> None:
        self.count[run] += 1
        self._documents.setdefault(run, set()).add(document)

    def recurring(self) -> Iterator[tuple[tuple[str, ...], int, float]]:
        """Runs met three times and in two documents at least: the run, its count, a weight for its spread."""
        for run, count in self.count.items():
            spread = len(self._documents[run])
            if count > 2 and spread > 1:
                yield run, count, log2(1 + spread)


def characteristic_words(sentences: list[Sentence], language: Language = "en") -> list[str]:
    """Content words used more than the language uses them, most telling first.

    Ranked by count x log2(count / expected count), the main term of the log-likelihood ratio (Dunning 1993),
    weighted by the number of documents.
    """
    tally = _Tally()
    for sentence in sentences:
        for word in sentence.words:
            tally.add((word,), sentence.document)
    total = tally.count.total()
    names = _names(sentences)
    usual = ordinary(language)
    rank = {
        word: count * log2(count / (total * usual.share(word))) * weight
        for (word,), count, weight in tally.recurring()
        if word not in usual.function_words and word not in names and len(word) > 2
    }
    return _best(rank)


def characteristic_phrases(sentences: list[Sentence], language: Language = "en") -> list[str]:
    """Two to five words that come together far more often than chance would have it.

    Ranked by count x pointwise mutual information, weighted by the number of documents.
    """
    tally, single = _Tally(), Counter[str]()
    names, usual = _names(sentences), ordinary(language)
    for sentence in sentences:
        single.update(sentence.words)
        for size in range(2, _LONGEST_PHRASE + 1):
            for run in zip(*(sentence.words[start:] for start in range(size)), strict=False):
                if _telling(run, usual) and names.isdisjoint(run):
                    tally.add(run, sentence.document)
    total = single.total()
    rank = {
        " ".join("I" if word == "i" else word for word in run): count
        * log2(count * total ** (len(run) - 1) / prod(single[word] for word in run))
        * weight
        for run, count, weight in tally.recurring()
    }
    best = _best(rank)[:_BEST]
    return [
        phrase
        for phrase in best
        if not any(f" {phrase} " in f" {other} " for other in best if other != phrase)
    ]


def typical_sentences(sentences: list[Sentence], terms: list[str]) -> list[str]:
    """Sentences of 8 to 30 words, those with the most of `terms` for their length first."""
    weight = {word: len(terms) - place for place, word in enumerate(terms)}
    rank = {
        each.text: sum(weight.get(word, 0) for word in set(each.words)) / len(each.words)
        for each in sentences
        if 8 <= len(each.words) <= 30 and each.text[-1] in ".!?" and "\n" not in each.text
    }
    return _best(rank)


def _best(rank: dict[str, float]) -> list[str]:
    return sorted(rank, key=lambda each: (-rank[each], each))


def _telling(run: tuple[str, ...], usual: Ordinary) -> bool:
    """Two words must both be content, three hold one; a longer run may be grammar, which is a habit too."""
    if run[0] in usual.no_start or run[-1] in usual.no_end:
        return False
    if len(run) == 2:
        return usual.function_words.isdisjoint(run)
    return len(run) > 3 or not usual.function_words.issuperset(run)


def _names(sentences: list[Sentence]) -> set[str]:
    """Words that mostly have a capital inside a sentence."""
    inside, capital = Counter[str](), Counter[str]()
    for sentence in sentences:
        for word, has_capital in zip(sentence.words[1:], sentence.capitals[1:], strict=True):
            inside[word] += 1
            capital[word] += has_capital
    return {word for word, count in inside.items() if capital[word] > count / 2} - {
        "i",
        "i'm",
        "i'll",
        "i've",
        "i'd",
    }
