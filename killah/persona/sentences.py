"""Sentences and words of running text, English and Cyrillic, by rule. Shared by chunks and the profile."""

import re

# A word may hold apostrophes and hyphens: don't, well-known.
WORD = re.compile(r"[^\W\d_]+(?:['’\-‑][^\W\d_]+)*")

_ABBREVIATION = re.compile(
    r"(?:^|[\s(“\"«])(?:Mr|Mrs|Ms|Dr|Prof|Rev|Hon|Gen|Col|Capt|Lt|Sgt|St|Jr|Sr|vs|etc|cf|No|Vol|Fig|pp?|e\.g|i\.e"
    r"|[A-ZА-ЯЁ]|т\.\s?[екдп]|и\s+т|г|ул|др|пр|им|стр|см)\.$"
)
# Possessive, and only from the first mark of a run: a million dots in a row must stay a million steps.
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+\s++(?=[\"'“‘«(\[—–-]*+\s*[A-ZА-ЯЁÀ-ÖØ-Þ0-9])")


def sentences(paragraph: str) -> list[str]:
    """Split a paragraph after each sentence; joined by a space the parts are the paragraph again.

    Titles and initials ("Mr. Brown", "G. K. Chesterton") end no sentence.
    """
    found: list[str] = []
    start = 0
    for end in _END.finditer(paragraph):
        part = paragraph[start : end.end()].rstrip()
        if part.endswith(".") and _ABBREVIATION.search(part[-12:]):
            continue
        found.append(part)
        start = end.end()
    if rest := paragraph[start:].strip():
        found.append(rest)
    return found


def words(text: str) -> list[str]:
    """Words as they stand, without numbers and punctuation."""
    return WORD.findall(text)
