"""Which control codes a text earns: its genre by its source, its register by how it is written.

Registers are the outer eighths of the training text itself along two axes of style features, so a code means
"more so than seven in eight passages", not an absolute. A text has at most one code of genre and one of
register.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from killah.persona import style

LETTER = re.compile(r"[“\"‘]?(?:My )?(?:[Dd]ear|[Dd]earest|Sir|Madam|Gentlemen)\b[^.!?\n]{0,40}[,:—][—-]?\s")
CODES = ("<story>", "<essay>", "<dialogue>", "<letter>", "<formal>", "<informal>", "<plain>", "<archaic>")
OUTER = 1 / 8  # share of passages that have a register
TALK = 0.5  # share of a dialogue's words that are spoken
OLD = re.compile(r"\b(?:thou|thee|thy|thine|hath|doth|ye|saith|unto)\b", re.IGNORECASE)
MOST_OLD = 0.015  # share of words above which prose is archaic

_FORMAL = ["abstract nouns", "long words", "connectives", "formal words", "sentence length"]
_INFORMAL = ["contractions", "plain words", "I", "you", "dialogue"]
_INVOLVED = ["word length", "long words", "sentence length", "long sentences", "vocabulary", "semicolons"]


@dataclass(frozen=True)
class Registers:
    """Where the registers begin: of formality the least formal, the most informal; of plainness the least."""

    formal: float
    informal: float
    plain: float

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Registers":
        """The outer eighths of English `texts`."""
        formality, plainness = _axes(np.stack([style.vector(text) for text in texts]))
        high, low = np.quantile(formality, [1 - OUTER, OUTER])
        return cls(float(high), float(low), float(np.quantile(plainness, 1 - OUTER)))

    def codes(self, text: str, genre: str) -> list[str]:
        """The codes of a text from a source of `genre` (`<story>` or `<essay>`)."""
        vector, raw = style.vector(text), style.measure(text)
        formality, plainness = (float(axis) for axis in _axes(vector))
        if LETTER.match(text):
            kind = "<letter>"
        elif raw[style.PLACES["dialogue"]] >= TALK:
            kind = "<dialogue>"
        else:
            kind = genre
        if len(OLD.findall(text)) > MOST_OLD * len(text.split()):
            register = ["<archaic>"]
        elif formality >= self.formal:
            register = ["<formal>"]
        elif formality <= self.informal:
            register = ["<informal>"]
        else:
            register = ["<plain>"] if plainness >= self.plain else []
        return [kind, *register]


def _axes(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Formality and plainness (...) of style vectors (..., WIDTH)."""

    def mean(names: list[str]) -> np.ndarray:
        return vectors[..., [style.PLACES[name] for name in names]].mean(axis=-1)

    return mean(_FORMAL) - mean(_INFORMAL), -mean(_INVOLVED)
