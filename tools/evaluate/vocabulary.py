"""Do names of the owner's documents get heard, and does anything else suffer: with and without the index.

The first part of one author's text is the owner's index, from which the vocabulary is mined; sentences of the
rest are said by synthetic voices that were never trained on. `recall` is the share of sentences with a rare
name in which that name is written. The guard is on sentences that hold none: by how much the word error rate
changes (goal: at most 0.3 points), and how many names are written that nobody said.
"""

import argparse
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from killah.audio.dictation.vocabulary import Term, hot_words, mine
from killah.audio.recognition.ctc import text_of
from killah.audio.recognition.recogniser import Recogniser
from killah.engine.hearing.expected import MOST, share
from killah.errors import KillahError
from killah.metrics.intervals import bootstrap, bootstrap_paired
from killah.metrics.spoken import spoken
from killah.metrics.word_errors import word_errors
from killah.persona.sentences import sentences
from tools.ear import voices
from tools.evaluate.report import progress

INDEXED = 0.35  # share of the text that is the owner's index: then 50 names are said in the rest
WORDS = range(3, 24)  # in a sentence that is said


def add_options(parser: argparse.ArgumentParser) -> None:
    """Whose text, how much of it is said, and what hears it."""
    parser.add_argument(
        "--text",
        type=Path,
        default=Path(".data/text-en/robert-e-howard/robert-e-howard_short-fiction.txt"),
        help="one author's text (default %(default)s)",
    )
    parser.add_argument("--names", type=int, default=50, help="each in a sentence (default %(default)s)")
    parser.add_argument("--others", type=int, default=150, help="sentences without (default %(default)s)")
    parser.add_argument("--encoder", default="ear-nano", help="name or folder (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Recall of names and word error rates, with and without the owner's index, on the same recordings."""
    if not options.text.exists():
        raise KillahError(f"There is no {options.text}.", "Name a text: --text FILE")
    text = options.text.read_text("utf-8")
    cut = round(INDEXED * len(text))
    terms = mine(text[:cut].split("\n\n"), share, most=MOST)
    expected = hot_words(terms)
    dice = random.Random(options.seed)
    said = list(_sayable(text[cut:]))
    named = _named(said, terms, options.names)
    others = [each for each in said if not _held(each, expected)]
    others = dice.sample(others, min(options.others, len(others)))
    recognisers = {"without": Recogniser.load(options.encoder), "with": Recogniser.load(options.encoder)}
    recognisers["with"].expect(expected)
    heard = _heard([*named.values(), *others], recognisers, dice)
    first = {how: texts[: len(named)] for how, texts in heard.items()}
    rest = {how: texts[len(named) :] for how, texts in heard.items()}
    return {
        "encoder": options.encoder,
        "expected": len(expected),
        "names": _recall(list(named), first),
        "without_names": _guard(others, rest, expected),
    }


def _sayable(text: str) -> Iterator[str]:
    """Whole sentences of running text, as they are spoken, of a length to say."""
    for paragraph in text.split("\n\n"):
        for sentence in sentences(re.sub(r"\s+", " ", paragraph)):
            plain = spoken(sentence)
            if len(plain.split()) in WORDS and not re.search(r"\d", plain):
                yield plain


def _named(said: Iterable[str], terms: Iterable[Term], count: int) -> dict[str, str]:
    """The most telling hot names that somebody says, with a sentence for each."""
    names = [term.heard for term in terms if term.hot and term.kind == "name"]
    left, found = list(said), {}
    for name in names:
        sentence = next((each for each in left if _held(each, [name])), None)
        if sentence is not None and len(found) < count:
            left.remove(sentence)
            found[name] = sentence
    return found


def _heard(texts: list[str], recognisers: dict[str, Recogniser], dice: random.Random) -> dict[str, list[str]]:
    """What each recogniser writes of the same recordings."""
    found: dict[str, list[str]] = {how: [] for how in recognisers}
    for number, text in enumerate(texts):
        if number % 50 == 0:
            progress(f"  {number} of {len(texts)}")
        samples = voices.say(text, voices.draw("en", dice, unheard=True))
        for how, recogniser in recognisers.items():
            found[how].append(text_of(recogniser.settle(samples)))
    return found


def _recall(names: list[str], heard: dict[str, list[str]]) -> dict[str, Any]:
    hits = {
        how: [float(bool(_held(text, [name]))) for name, text in zip(names, texts, strict=True)]
        for how, texts in heard.items()
    }
    gain = bootstrap_paired(hits["with"], hits["without"])
    return {f"recall_{how}": bootstrap(each) for how, each in hits.items()} | {"gain": gain}


def _guard(said: list[str], heard: dict[str, list[str]], expected: list[str]) -> dict[str, Any]:
    lengths = [len(text.split()) for text in said]
    wrong = {
        how: np.array([word_errors(*pair).total for pair in zip(said, texts, strict=True)], float)
        for how, texts in heard.items()
    }
    result: dict[str, Any] = {
        f"word_error_rate_{how}": bootstrap(each, lengths) for how, each in wrong.items()
    }
    result["change"] = bootstrap_paired(wrong["with"], wrong["without"], lengths)
    for how, texts in heard.items():
        result[f"names_nobody_said_{how}"] = sum(len(_held(text, expected)) for text in texts)
    return result


def _held(text: str, phrases: Iterable[str]) -> list[str]:
    """Which of `phrases` stand in a text as whole words."""
    return [phrase for phrase in phrases if f" {phrase} " in f" {text} "]
