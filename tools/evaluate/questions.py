"""Questions made of the sentences of a document by rule: who, what, when, where, why, how many; кто.

    "In 2014, the office was opened by Mary Cole."  ->  When was the office opened by Mary Cole?

Cloze translation (Lewis, Denoyer and Riedel 2019) where the clause has an auxiliary to move, so that no verb
has to be inflected. A second form says the same in fewer and other words: some are left out, some stand for
others of their WordNet set. Both share most of their words with the sentence; what authors ask themselves
("How do I submit an app?", then the answer) does not.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from killah.engine.talking.words import content
from killah.persona.sentences import sentences

WORDS = (7, 32)  # of a sentence that is asked about
THEN = 3  # sentences after an author's question that may answer it
LEAST = 3  # words that carry meaning in a question
CLAUSE = 6  # words of a clause that a question has, if it has as many
DROPPED, CHANGED = 0.2, 0.5  # of the words of the second form: left out; changed, where another is known

_AUX = r"(?P<aux>is|are|was|were|has|had|have|will|would|can|could|should|must|may|might)"
_ARTICLE = "The|A|An|Our|My|Each|Every|This|These"
_SUBJECT = rf"(?P<s>(?:{_ARTICLE}|[A-Z0-9])[\w’'&\-]*(?: [\w’'&\-]+){{0,6}}?)"
_NAME = r"(?P<s>[A-Z][\w’'.&\-]+(?: [A-Z][\w’'.&\-]+){0,3})"
_WHEN = r"(?:in|on|since|by) (?:(?:early|late) )?(?:[A-Z][a-z]+ )?(?:\d{1,2}, )?(?:1[0-9]\d\d|20\d\d)"
_COUNT = r"(?:\d[\d,.]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|fifty)"
_PLACE = r"(?:in|at|near|from) (?:the )?[A-Z][\w ,’'-]*"
_DID = r"is|was|has|will|[a-z]{3,}ed|wrote|made|began|built|gave|took|found|led|held|told|came|went"
_MODAL = "(?P<aux>will|can|could|should|must|may)"
_THING = "(?:the|a|an|our|their|its|his|her) .+"

# The first that fits a whole sentence asks about it.
_RULES = [
    (re.compile(rf"{pattern}\."), form)
    for pattern, form in (
        (rf"(?i:{_WHEN}), (?P<s>[\w’'&\- ]+?) {_AUX} (?P<rest>.+)", "When {aux} {s} {rest}?"),
        (rf"{_SUBJECT} {_AUX} (?P<rest>.+?) (?i:{_WHEN})", "When {aux} {s} {rest}?"),
        (rf"There (?P<aux>are|were) (?:\w+ ){{0,2}}{_COUNT} (?P<rest>.+)", "How many {rest} {aux} there?"),
        (
            rf"{_SUBJECT} ha(?P<e>s|ve|d) (?:\w+ )?{_COUNT} (?P<rest>[a-z].+)",
            "How many {rest} {does} {s} have?",
        ),
        (rf"{_SUBJECT} {_AUX} (?P<rest>[^,;]+?),? because .+", "Why {aux} {s} {rest}?"),
        (rf"{_SUBJECT} {_AUX} (?P<rest>[^,;]+?) {_PLACE}", "Where {aux} {s} {rest}?"),
        (rf"{_NAME} (?P<rest>(?:{_DID}) .+)", "Who {rest}?"),
        (
            r"(?P<s>[А-ЯЁ][а-яё]+(?: [А-ЯЁ][а-яё]+){0,2}) (?P<rest>(?:не )?[а-яё]+(?:л|ла|лся|лась) .+)",
            "Кто {rest}?",
        ),
        (rf"{_SUBJECT} {_MODAL} (?P<rest>[a-z]+) {_THING}", "What {aux} {s} {rest}?"),
        (
            r"(?P<s>(?:The |An? )?[\w’'&-]+(?: [\w’'&-]+){1,4}?) (?P<aux>is|was|are|were) (?:a|an|the) .+",
            "What {aux} {s}?",
        ),
    )
]
# A sentence that cannot be asked about out of its place, and a subject that is none.
_PRONOUN = "он|она|оно|они|это|я|мы|вы|ты|he|she|it|they|we|you|i|there"
_POINTER = "this|that|these|those|his|her|their|its|one|here|such|them|him"
_LEANS = re.compile(rf"^(?:{_PRONOUN}|{_POINTER}|there's)\b|[?:;“”\"()*|—]", re.IGNORECASE)
_JOINT = "and|or|but|if|when|while|as|that|which|who|because|for|in|on|at|with|to|by|from|what|how"
_NO_SUBJECT = re.compile(rf"\b(?:{_PRONOUN}|{_JOINT})\b", re.IGNORECASE)
_POINTS = re.compile(rf"\b(?:he|she|it|they|{_POINTER}|so|too|also)\b", re.IGNORECASE)
_OWN = re.compile(r"(?:what|when|where|who|why|how|which|can|do|does|is|are|should)\b.*\?", re.IGNORECASE)
_BREAK = re.compile(
    r",? (?:and|which|that|who|but|so|when|while|where|including|for|to|by|as|with|because)\b|[,;(]"
)
_DOES = {"s": "does", "ve": "do", "d": "did"}


@dataclass(frozen=True)
class Question:
    """A question, the sentences any of which answers it."""

    text: str
    answers: tuple[str, ...]


class Asker:
    """Asks by rule, and in other words. `path`: WordNet's sets, `members` between semicolons."""

    def __init__(self, path: Path) -> None:
        self._sets: dict[str, list[list[str]]] = {}
        for line in path.read_text("utf-8").splitlines()[1:]:
            members = [member.strip() for member in line.split("\t")[3].split(";")]
            plain = [member for member in members if member.isalpha() and member.islower()]
            for member in plain:
                self._sets.setdefault(member, []).append(plain)

    def ask(self, passage: str) -> Iterator[Question]:
        """A question for every sentence of `passage` that a rule makes one of."""
        for paragraph in passage.split("\n\n"):
            for sentence in sentences(paragraph.strip()):
                if text := self._asked(sentence):
                    yield Question(text, (sentence,))

    def say(self, question: str, dice: random.Random) -> str:
        """`question` with some of its words left out and some changed; names and numbers stay."""
        first, *rest = question.rstrip("?").split(" ")
        kept = [first]
        for word in rest:
            if not word.islower() or not content(word):
                kept.append(word)
            elif dice.random() >= DROPPED:
                kept.append(self._other(word, dice) if dice.random() < CHANGED else word)
        return " ".join(kept) + "?"

    def _asked(self, sentence: str) -> str | None:
        if not WORDS[0] <= len(sentence.split()) <= WORDS[1] or _LEANS.search(sentence):
            return None
        for pattern, form in _RULES:
            parts = match.groupdict("") if (match := pattern.fullmatch(sentence)) else {}
            subject = parts.get("s", "")
            if (
                not parts
                or _NO_SUBJECT.search(subject)
                or (form[:3] in ("Who", "Кто") and self._common(subject))
            ):
                continue
            parts |= {"s": _inside(subject), "rest": _short(parts.get("rest", ""))}
            text = form.format(**parts, does=_DOES.get(parts.get("e", ""), ""))
            return text if len(content(text)) >= LEAST else None
        return None

    def _common(self, subject: str) -> bool:
        return subject.lower() in self._sets or not content(subject)

    def _other(self, word: str, dice: random.Random) -> str:
        sets = self._sets.get(word, [])
        others = [each for each in sets[0] if each != word] if 0 < len(sets) <= 2 else []
        return dice.choice(others) if others else word


def _inside(subject: str) -> str:
    """A subject as it stands inside a sentence: without the capital of its article."""
    first, _, rest = subject.partition(" ")
    return (
        f"{first.lower()} {rest}"
        if first in ("The", "A", "An", "Our", "My", "Each", "Every", "This", "These")
        else subject
    )


def _short(rest: str) -> str:
    """As much of a clause as one would ask: up to its first break after `CLAUSE` words."""
    shortest = " ".join(rest.split(" ")[:CLAUSE])
    end = _BREAK.search(rest, len(shortest))
    return rest[: end.start()] if end else rest


def asked_by_author(text: str) -> tuple[str, list[Question]]:
    """What an author asks and answers: the text without these questions, and they with what follows them.

    The next `THEN` sentences may answer. Questions that point to what was said before ("How does that work?")
    stay in the text.
    """
    paragraphs = [sentences(part.strip()) for part in text.split("\n\n")]
    flat = [sentence for part in paragraphs for sentence in part]
    own = {place for place, sentence in enumerate(flat) if _is_own(sentence)}
    found = []
    for place in sorted(own):
        after = [flat[at] for at in range(place + 1, len(flat)) if at not in own][:THEN]
        if after and place + 1 not in own and not after[0].endswith("?"):
            found.append(Question(flat[place], tuple(after)))
    kept = {each.text for each in found}
    rest = "\n\n".join(" ".join(s for s in part if s not in kept) for part in paragraphs)
    return rest, found


def _is_own(sentence: str) -> bool:
    short = len(sentence.split()) <= WORDS[1] // 2
    return (
        bool(short and _OWN.fullmatch(sentence) and not _POINTS.search(sentence))
        and len(content(sentence)) >= LEAST
    )


def some(questions: Sequence[Question], most: int, dice: random.Random) -> list[Question]:
    """At most `most`, drawn at random, no two of one sentence."""
    unlike = list({each.answers: each for each in questions}.values())
    dice.shuffle(unlike)
    return unlike[:most]
