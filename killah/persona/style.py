"""How a passage is written, as a vector of named features: what its meaning, an embedding, does not say.

`FEATURES` names every number and says what it counts. Rhythm, punctuation, words, person, tense, formality
and dialogue are measured alike in English and Russian, each by the lists of its language
(`function_words.toml`); the rates of single function words, the strongest sign of an author since Mosteller
and Wallace (1964), are there once for each language, and those of the other one are neutral.

Rates of one passage are noisy; the mean of many is not. `standardise` sets them beside a reference population
(`reference.json`, made by `python -m tools.style`) so that all weigh alike (Burrows's Delta, 2002, does that
to function words).
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from killah.persona.sentences import sentences

VERSION = "style-1"
MOST = 4.0  # standard deviations; beyond is an accident of a short passage
REFERENCE = Path(__file__).with_name("reference.json")

Language = Literal["en", "ru"]
LANGUAGES: tuple[Language, ...] = ("en", "ru")

_WORD = re.compile(r"[^\W\d_]+(?:['’\-‑][^\W\d_]+)*")
_PLAIN = str.maketrans({"’": "'", "‑": "-", "ё": "е"})
_SPOKEN = re.compile(r"“[^”]{1,2000}”|\"[^\"]{1,2000}\"|«[^»]{1,2000}»")
_SPOKEN_LINE = re.compile(r"^[—–-]\s.+", re.MULTILINE)  # a Russian speech: a line that a dash begins
_PAUSE = re.compile(r"[,;:.!?…—–]+|--")
_MARKS = {
    "commas": r",",
    "semicolons": r";",
    "colons": r":(?!\d)",
    "dashes": r"[—–]|(?<=\s)--?(?=\s)|(?<=\w)--(?=\w)",
    "ellipses": r"…|\.\.\.",
    "exclamations": r"!",
    "questions": r"\?",
    "brackets": r"[(\[]",
    "quotation marks": r"[“”\"«»]",
    "numbers": r"\d+",
}
_MARK = {name: re.compile(pattern) for name, pattern in _MARKS.items()}
_SHORT_SENTENCE, _LONG_SENTENCE = 6, 30  # words
_SHORT_WORD, _LONG_WORD = 3, 7  # letters
_WINDOW = 50  # words, vocabulary


@dataclass(frozen=True)
class Feature:
    """One number of a style vector: `about` says what is counted; `language` is None where both have it."""

    group: str
    name: str
    about: str
    language: Language | None = None


def _features() -> Iterator[Feature]:
    rhythm = {
        "sentence length": "log of the mean words a sentence",
        "sentence variety": "standard deviation of words a sentence over their mean",
        "short sentences": f"share of sentences of at most {_SHORT_SENTENCE} words",
        "long sentences": f"share of sentences of {_LONG_SENTENCE} words or more",
        "paragraph length": "log of the mean words a paragraph",
        "short paragraphs": "share of paragraphs of one sentence",
        "words between marks": "log of the mean words from one mark of punctuation to the next",
        "variety between marks": "standard deviation of these over their mean",
    }
    yield from (Feature("rhythm", name, about) for name, about in rhythm.items())
    yield from (Feature("punctuation", name, f"{name} a hundred words") for name in _MARKS)
    vocabulary = {
        "word length": "mean letters a word",
        "short words": f"share of words of at most {_SHORT_WORD} letters",
        "long words": f"share of words of {_LONG_WORD} letters or more",
        "hyphenated words": "share of words with a hyphen",
        "capitals": "share of words with a capital that begin no sentence",
        "vocabulary": f"mean share of different words in {_WINDOW} (MATTR; Covington & McFall 2010)",
    }
    yield from (Feature("vocabulary", name, about) for name, about in vocabulary.items())
    for group, lists in _lists()["shared"].items():
        yield from (Feature(group, name, f"share of words: {about}") for name, about in lists.items())
    dialogue = {
        "dialogue": "share of words between quotation marks or after a dash that begins a line",
        "joined sentences": "share of sentences that begin with a conjunction",
    }
    yield from (Feature("dialogue", name, about) for name, about in dialogue.items())
    for language in LANGUAGES:
        for word in _lists()[language]["function_words"]:
            yield Feature("function words", word, f"“{word}” a hundred words", language)


@cache
def _lists() -> dict[str, Any]:
    """The word lists of each language, and under `shared` what they are."""
    return tomllib.loads(Path(__file__).with_name("function_words.toml").read_text("utf-8"))


FEATURES: tuple[Feature, ...] = tuple(_features())
WIDTH = len(FEATURES)
PLACES: Mapping[str, int] = {
    f"{feature.language} {feature.name}" if feature.language else feature.name: place
    for place, feature in enumerate(FEATURES)
}


@cache
def _groups(language: Language) -> dict[str, list[int]]:
    """Word -> places in the vector that count it."""
    found: dict[str, list[int]] = {}
    lists = _lists()[language]
    for names in _lists()["shared"].values():
        for name in names:
            for word in lists[name]:
                found.setdefault(word, []).append(PLACES[name])
    for word in lists["function_words"]:
        found.setdefault(word, []).append(PLACES[f"{language} {word}"])
    return found


@cache
def _endings(language: Language) -> list[tuple[int, re.Pattern[str]]]:
    """Places that count words by their ending."""
    return [(PLACES[name], re.compile(pattern)) for name, pattern in _lists()[language]["endings"].items()]


def language(text: str) -> Language:
    """Russian where at least a third of the first letters are Cyrillic, else English."""
    letters = re.findall(r"[^\W\d_]", text[:2000])
    cyrillic = sum("а" <= letter.lower() <= "я" or letter in "ёЁ" for letter in letters)
    return "ru" if cyrillic * 3 > len(letters) else "en"


def main_language(texts: Iterable[str]) -> Language:
    """The language of most of them, English where there are as many of both."""
    spoken = [language(text) for text in texts]
    return "ru" if 2 * spoken.count("ru") > len(spoken) else "en"


def vector(text: str) -> np.ndarray:
    """The standardised features of a passage, float32 (WIDTH,)."""
    return standardise(measure(text), language(text))


def measure(text: str) -> np.ndarray:
    """The plain features of a passage, float32 (WIDTH,); those of the other language are NaN."""
    spoken = language(text)
    found = np.zeros(WIDTH, np.float32)
    for place, feature in enumerate(FEATURES):
        if feature.language not in (None, spoken):
            found[place] = np.nan
    tokens = [word.translate(_PLAIN) for word in _WORD.findall(text)]
    if not tokens:
        return found
    lower = [word.lower() for word in tokens]
    count = len(tokens)
    _count_words(found, Counter(lower), count, spoken)
    lengths = np.array([len(word) for word in tokens])
    paragraphs = [sentences(part.strip()) for part in text.split("\n\n") if part.strip()]
    said = [sentence for paragraph in paragraphs for sentence in paragraph]
    firsts = [words[0] for sentence in said if (words := _WORD.findall(sentence))]
    values = {
        **_rhythm(paragraphs, text),
        **{name: 100 * len(mark.findall(text)) / count for name, mark in _MARK.items()},
        "word length": lengths.mean(),
        "short words": (lengths <= _SHORT_WORD).mean(),
        "long words": (lengths >= _LONG_WORD).mean(),
        "hyphenated words": sum("-" in word for word in tokens) / count,
        "capitals": max(0, sum(word[0].isupper() for word in tokens) - len(firsts)) / count,
        "vocabulary": _vocabulary(lower),
        "dialogue": sum(len(_WORD.findall(part)) for part in _speeches(text, spoken)) / count,
        "joined sentences": _joined(firsts, spoken),
    }
    for name, value in values.items():
        found[PLACES[name]] = value
    return found


def standardise(raw: np.ndarray, spoken: Language) -> np.ndarray:
    """Plain features (..., WIDTH) as standard deviations from the reference's mean, within ±`MOST`.

    What was not measured (NaN) is 0: nothing known.
    """
    return scaled(raw, *reference(spoken))


def scaled(raw: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """`standardise` by the mean and the standard deviation (WIDTH,) of any population."""
    return np.nan_to_num(np.clip((raw - mean) / deviation, -MOST, MOST)).astype(np.float32)


@cache
def reference(spoken: Language) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (WIDTH,) of passages of the reference authors of a language."""
    values = json.loads(REFERENCE.read_text("utf-8"))
    if values["version"] != VERSION or values["features"] != list(PLACES):
        raise ValueError(f"{REFERENCE.name} is of other features: run python -m tools.style")
    mean, deviation = (
        np.array([np.nan if v is None else v for v in values[spoken][key]], np.float32)
        for key in ("mean", "deviation")
    )
    return mean, deviation


def _count_words(found: np.ndarray, counts: Counter[str], total: int, spoken: Language) -> None:
    """Add the shares of listed words and endings; single function words are a hundred words."""
    groups, endings = _groups(spoken), _endings(spoken)
    for word, count in counts.items():
        listed = groups.get(word, [])
        ended = [place for place, ending in endings if place not in listed and ending.search(word)]
        for place in listed + ended:
            found[place] += count * (100 if FEATURES[place].language else 1) / total


def _rhythm(paragraphs: list[list[str]], text: str) -> dict[str, float]:
    by_sentence = np.array([len(_WORD.findall(s)) for paragraph in paragraphs for s in paragraph])
    by_sentence = by_sentence[by_sentence > 0]
    by_paragraph = np.array([sum(len(_WORD.findall(s)) for s in paragraph) for paragraph in paragraphs])
    between = np.array([len(_WORD.findall(part)) for part in _PAUSE.split(text)])
    between = between[between > 0]
    found = {
        "sentence length": np.log(by_sentence.mean()),
        "sentence variety": by_sentence.std() / by_sentence.mean(),
        "short sentences": (by_sentence <= _SHORT_SENTENCE).mean(),
        "long sentences": (by_sentence >= _LONG_SENTENCE).mean(),
        "paragraph length": np.log(max(by_paragraph.mean(), 1)),
        "short paragraphs": np.mean([len(paragraph) == 1 for paragraph in paragraphs]),
        "words between marks": np.log(between.mean()),
        "variety between marks": between.std() / between.mean(),
    }
    return {name: float(value) for name, value in found.items()}


def _vocabulary(words: list[str]) -> float:
    """MATTR over windows of `_WINDOW` words, a fifth of a window apart."""
    starts = range(0, max(1, len(words) - _WINDOW + 1), _WINDOW // 5)
    shares = [len(set(part)) / len(part) for start in starts if (part := words[start : start + _WINDOW])]
    return sum(shares) / len(shares)


def _speeches(text: str, spoken: Language) -> list[str]:
    lines = _SPOKEN_LINE.findall(text) if spoken == "ru" else []
    return _SPOKEN.findall(text) + lines


def _joined(firsts: list[str], spoken: Language) -> float:
    conjunctions = _lists()[spoken]["conjunctions"]
    return sum(word.lower() in conjunctions for word in firsts) / max(len(firsts), 1)
