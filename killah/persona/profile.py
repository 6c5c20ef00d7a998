"""How somebody writes, beside how others do: what `killah persona show` prints and draws.

Every feature of `killah.persona.style` is the mean over passages, with the percent of the reference authors
who are below. `vocabulary_mattr` is the moving-average type-token ratio (MATTR; Covington & McFall, 2010)
over windows of 500 words, which unlike the plain ratio does not fall with length.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, pstdev

import numpy as np

from killah.persona import style
from killah.persona.habits import Sentence, characteristic_phrases, characteristic_words, typical_sentences
from killah.persona.population import Population
from killah.persona.rhythm import histogram
from killah.persona.sentences import sentences
from killah.persona.store import Store
from killah.persona.tone import Tone, tone, whole
from killah.persona.wording import called, natural, shown

__all__ = ["Measured", "Profile", "mattr", "measure", "profile"]

_WINDOW = 500  # words, MATTR
_MOST_WORDS = 300_000  # measured at most: passages evenly taken from a larger persona
_MOST_PASSAGES = 500  # of these, for the features of style
_WORDS, _PHRASES, _SENTENCES = 20, 12, 2  # shown

Passage = tuple[str, int]  # its text, a number of its document


@dataclass(frozen=True)
class Measured:
    """A feature: its mean in natural units, the median of the reference authors, and the percent below."""

    group: str
    name: str
    about: str
    value: float
    unit: str
    usual: float
    percentile: int

    @property
    def shown(self) -> tuple[str, str]:
        """Value and median for a table."""
        return shown(self.value, self.unit), shown(self.usual, self.unit)


@dataclass(frozen=True)
class Profile:
    """A persona's habits. Counts are of the whole persona, all else of the passages in its main language.

    `language_share` is the share of passages in that language, `sentence_lengths` are shares of sentences of
    1-5, 6-10, ... words (`killah.persona.rhythm`). `formality` and `experiment` are standard deviations from
    the average reference author (`killah.persona.tone`).
    """

    documents: int
    formats: dict[str, int]
    words: int
    passages: int
    language: style.Language
    language_share: float
    measured_words: int
    sentence_words: float
    sentence_words_deviation: float
    vocabulary_mattr: float
    reference_authors: int
    features: list[Measured]
    sentence_lengths: list[float]
    formality: float
    experiment: float
    min_p: float
    min_p_reason: str
    characteristic_words: list[str]
    characteristic_phrases: list[str]
    example_sentences: list[str]

    def strongest(self, count: int) -> list[Measured]:
        """The features in which this writer is least like others."""
        return sorted(self.features, key=lambda each: -abs(each.percentile - 50))[:count]


def profile(path: Path) -> Profile:
    """Measure the persona stored in `path`."""
    with Store.open(path) as store:
        counts, passages = store.counts(), store.texts()
        formats = Counter(entry.format for entry in store.entries().values() if entry.words)
        measured = "style" in store.meta() and counts["passages"]
        kept = whole(store.styles()) if measured else None  # as the min-p in use was found
    every = 1 + counts["words"] // _MOST_WORDS
    return measure(passages[::every], dict(formats.most_common()), counts, kept)


def measure(
    passages: Sequence[Passage], formats: dict[str, int], counts: dict[str, int], kept: Tone | None = None
) -> Profile:
    """The profile of passages. `counts` as `Store.counts` gives them; their tone, unless it is known."""
    all_of_them = len(passages)
    language, passages = _main_language(passages)
    split = _sentences(passages)
    tokens = [word for sentence in split for word in sentence.words]
    lengths = [len(sentence.words) for sentence in split if sentence.words] or [0]
    terms = characteristic_words(split, language)
    means = _means([text for text, _ in passages])
    found = kept or tone(style.standardise(means, language))
    return Profile(
        **counts,
        formats=formats,
        language=language,
        language_share=round(len(passages) / max(all_of_them, 1), 3),
        measured_words=len(tokens),
        sentence_words=round(fmean(lengths), 1),
        sentence_words_deviation=round(pstdev(lengths), 1),
        vocabulary_mattr=round(mattr(tokens), 3),
        reference_authors=len(Population.of(language).names),
        features=_features(means, language) if passages else [],
        sentence_lengths=[round(share, 4) for share in histogram(text for text, _ in passages).tolist()],
        formality=round(found.formality, 2),
        experiment=round(found.experiment, 2),
        min_p=round(found.min_p, 3),
        min_p_reason=found.reason,
        characteristic_words=terms[:_WORDS],
        characteristic_phrases=characteristic_phrases(split, language)[:_PHRASES],
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


def _main_language(passages: Sequence[Passage]) -> tuple[style.Language, list[Passage]]:
    """The language of most passages, and those that are in it."""
    main = style.main_language(text for text, _ in passages)
    return main, [each for each in passages if style.language(each[0]) == main]


def _means(texts: list[str]) -> np.ndarray:
    """Mean features (WIDTH,) of some of the passages; NaN without any."""
    some = texts[:: 1 + len(texts) // _MOST_PASSAGES]
    if not some:
        return np.full(style.WIDTH, np.nan, np.float32)
    return np.mean([style.measure(text) for text in some], axis=0)


def _features(means: np.ndarray, language: style.Language) -> list[Measured]:
    among = Population.of(language)
    medians, percentiles = np.median(among.means, axis=0), among.percentiles(means)
    return [
        Measured(
            feature.group,
            called(feature, language),
            feature.about,
            *_natural(feature, means[place]),
            _natural(feature, medians[place])[0],
            round(percentiles[place]),
        )
        for place, feature in enumerate(style.FEATURES)
        if feature.language in (None, language)
    ]


def _natural(feature: style.Feature, value: float) -> tuple[float, str]:
    number, unit = natural(feature, float(value))
    return float(f"{number:.3g}"), unit


def _sentences(passages: Sequence[Passage]) -> list[Sentence]:
    return [
        Sentence.of(sentence, document)
        for passage, document in passages
        for paragraph in passage.split("\n\n")
        for sentence in sentences(paragraph)
    ]
