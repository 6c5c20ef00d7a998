"""Words that a recogniser should expect: names and terms of the owner's documents, and what the owner adds.

Mined are names (words and runs of words with a capital inside sentences) and terms (words met far more often
than the language has them). They have two uses, of which a false one costs differently. A spelling only
changes how a word that was heard is written: "qokka" as "Qokka". A *hot* word is also heard more easily, so
that it may take the place of another: only what is rare in the language and unlike the owner's commonest
words is hot, and the owner's own list.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from shlex import quote
from typing import Literal

import tomli_w

from killah import paths
from killah.audio.commands.matching import edit_distance
from killah.errors import KillahError
from killah.metrics.spoken import spoken

LEAST_NAME, LEAST_TERM = 2, 4  # times a name, a term must occur
LEAST_ORDINARY = 5  # times a name must that is also an ordinary word
CAPITAL = 0.8  # of the occurrences inside sentences that have a capital, in a name
ORDINARY, RARE = 2e-5, 8e-6  # shares of running text: of about the 5,000th word, and the 12,000th
FAR_MORE = 15.0  # times as often as in the language, in a term
COMMON, SHORT = 300, 6  # near the owner's commonest words nothing is hot that has fewer letters
LONGEST = 60  # characters of a word of the owner's

_TOKEN = re.compile(r"[^\W\d_]+(?:['’\-‑][^\W\d_]+)*|[^\w\s]+|\n\s*\n")
_ENDS = frozenset('.!?…:;“”"«»()[]—–-*#|>')  # after these a capital says nothing
_HEARD = re.compile(r"[a-z']{2,24}(?: [a-z']{1,24})*|[а-я]{2,24}(?: [а-я]{1,24})*")
_VOWEL = re.compile(r"[aeiouyаеиоуыэюя]")
_ABBREVIATED = re.compile(r"Mr|Mrs|Ms|Dr|St|[A-ZА-ЯЁ]")
_NO_NAME = re.compile(r"I(?:'\w+)?|Mr|Mrs|Ms|Dr|St")
_LONGEST_NAME = 3  # words

Kind = Literal["name", "term", "own"]


@dataclass(frozen=True)
class Term:
    """A word or phrase as it is written and as it is heard; how often it was met; whether it is hot."""

    text: str
    heard: str
    kind: Kind
    count: int = 0
    hot: bool = True


def mine(texts: Iterable[str], share: Callable[[str], float], *, most: int = 500) -> list[Term]:
    """The names and terms of texts, the most telling first, at most `most`.

    `share` gives the share of running text that a word (lower case) makes up in general.
    """
    met = _Met()
    for text in texts:
        met.read(text)
    common = {word for word, _ in met.small.most_common(COMMON)}
    found = [*_names(met, share), *_terms(met, share)]
    found.sort(key=lambda term: (-term.count * len(term.heard), term.text))
    known: dict[str, Term] = {}
    for term in found:
        known.setdefault(term.heard, term)
    return [_judged(term, share, common) for term in list(known.values())[:most]]


def heard_as(text: str) -> str:
    """How a recogniser would write a word; letters by themselves where it cannot be read: "FBI" is "f b i".

    Empty where nobody can say: digits, no letters of English or Russian.
    """
    plain = spoken(text)
    if not _HEARD.fullmatch(plain):
        return ""
    initials = text.isupper() and len(plain) <= 5 and (len(plain) < 4 or not _VOWEL.search(plain))
    return " ".join(plain) if initials else plain if _VOWEL.search(plain) else ""


def spellings(terms: Iterable[Term]) -> dict[str, str]:
    """What is heard -> how it is written, for `dictation_text.written`."""
    return {term.heard: term.text for term in terms if term.text != term.heard}


def hot_words(terms: Iterable[Term]) -> list[str]:
    """What is to be heard more easily, for `killah.audio.recognition.hot_words`."""
    return [term.heard for term in terms if term.hot]


class _Met:
    """Counts over texts: words that begin small, words with a capital inside sentences, runs of these."""

    def __init__(self) -> None:
        self.words = Counter[str]()  # lower case
        self.small = Counter[str]()
        self.capital = Counter[str]()  # as written
        self.runs = Counter[tuple[str, ...]]()

    def read(self, text: str) -> None:
        """Count the words of a text."""
        run: list[str] = []
        before = ""
        inside = False
        for token in _TOKEN.findall(text.replace("’", "'")):
            if token[0].isalpha():
                self._word(token.removesuffix("'s"), run, inside)
                inside = True
            elif not (token == "." and _ABBREVIATED.fullmatch(before)):
                self._end(run)
                inside = inside and not token.isspace() and _ENDS.isdisjoint(token)
            before = token
        self._end(run)

    def _word(self, word: str, run: list[str], inside: bool) -> None:
        self.words[word.lower()] += 1
        if word[0].islower():
            self.small[word] += 1
            self._end(run)
        elif inside and not _NO_NAME.fullmatch(word):
            self.capital[word] += 1
            run.append(word)

    def _end(self, run: list[str]) -> None:
        if 1 < len(run) <= _LONGEST_NAME:
            self.runs[tuple(run)] += 1
        run.clear()


def _names(met: _Met, share: Callable[[str], float]) -> Iterator[Term]:
    """Words that mostly have a capital, ordinary ones ("act", "march") that always do; runs of these."""
    single: dict[str, int] = {}
    for word, count in met.capital.items():
        small = met.small[word.lower()]
        mostly = count >= CAPITAL * (count + small)
        always = small == 0 and count >= LEAST_ORDINARY
        if len(word) > 1 and count >= LEAST_NAME and (always or (mostly and share(word.lower()) < ORDINARY)):
            single[word] = count
    runs = {
        " ".join(run): count
        for run, count in met.runs.items()
        if count >= LEAST_NAME and not single.keys().isdisjoint(run)
    }
    for text, count in (single | runs).items():
        if heard := heard_as(text):
            yield Term(text, heard, "name", count)


def _terms(met: _Met, share: Callable[[str], float]) -> Iterator[Term]:
    total = met.words.total()
    for word, count in met.small.items():
        usual = share(word)
        rare = len(word) > 3 and "'" not in word and usual < RARE and count > FAR_MORE * usual * total
        if count >= LEAST_TERM and rare and (heard := heard_as(word)):
            yield Term(word, heard, "term", count)


def _judged(term: Term, share: Callable[[str], float], common: set[str]) -> Term:
    """Hot where some word of it is rare and, if short, it is like none of the owner's commonest words."""
    rare = any(share(word) < ORDINARY for word in term.heard.split())
    short = len(term.heard) < SHORT
    alike = short and any(edit_distance(term.heard, other, 1) <= 1 for other in common)
    return replace(term, hot=rare and not alike)


@dataclass(frozen=True)
class OwnWords:
    """What the owner added, word -> how it is heard, and which mined words are not wanted."""

    added: dict[str, str] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()

    def add(self, text: str, heard: str = "") -> "OwnWords":
        """With a word or phrase more. Raises `KillahError` where nobody knows what it sounds like."""
        text = " ".join(text.split())
        if not 0 < len(text) <= LONGEST:
            raise KillahError(f"A word has 1 to {LONGEST} characters.", "Add shorter ones.")
        said = heard_as(heard or text)
        if not said:
            raise KillahError(
                f"Nobody can tell what {heard or text!r} sounds like.",
                f"Say it in letters: killah vocabulary add {quote(text)} --heard 'see three pee oh'",
            )
        return OwnWords(self.added | {text: said}, self.refused - {text})

    def remove(self, text: str) -> "OwnWords":
        """Without a word, added or mined."""
        text = " ".join(text.split())
        added = {word: heard for word, heard in self.added.items() if word != text}
        return OwnWords(added, self.refused if text in self.added else self.refused | {text})

    def joined(self, mined: Iterable[Term]) -> list[Term]:
        """The owner's words, then the mined ones that are wanted and not among them."""
        own = [Term(text, heard, "own") for text, heard in self.added.items()]
        return own + [term for term in mined if term.text not in self.refused | self.added.keys()]


def own_words() -> OwnWords:
    """The owner's list. Raises `KillahError` where the file is damaged."""
    path = file()
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        added = {str(text): str(heard) for text, heard in table.get("added", {}).items()}
        return OwnWords(added, frozenset(map(str, table.get("refused", ()))))
    except FileNotFoundError:
        return OwnWords()
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise KillahError(f"Cannot read {path}: {error}.", "Mend or delete it.") from error


def keep(words: OwnWords) -> None:
    """Write the owner's list, for the owner's eyes only."""
    paths.write_private(file(), tomli_w.dumps({"refused": sorted(words.refused), "added": words.added}))


def file() -> Path:
    """Where the owner's list is."""
    return paths.config_file().with_name("vocabulary.toml")
