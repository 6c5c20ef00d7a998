"""What a whole utterance asks for, by its sound: a false command destroys trust, a missed one is said again.

A fixed command must sound like one of its phrases, and like that of no other: the words that were heard only
say which phrases to compare with. So "slaeh", whose letters are near to "slash", is none. An instruction in
free words must have been heard well, and not sound almost like a phrase: "de ret the last two lines" is
"delete", said badly, and joins no lines.

Thresholds were chosen on other sentences than figures are of, and in English on other voices
(tools/evaluate/commands_voices.py).
"""

from collections.abc import Callable, Sequence
from math import inf

import numpy as np

from killah.audio import RATE
from killah.audio.commands import Command
from killah.audio.dictation.language import near
from killah.audio.recognition.ctc import Word, text_of
from killah.audio.recognition.hearing import Hearing

LONGEST = 6.0  # seconds that a fixed command takes at most, with the silence around it
SOUNDS_LIKE = 0.45  # nats a letter that a phrase may be less likely than the likeliest letters
SHORT = 15  # letters; of fewer a phrase must be as much nearer: "coma" is hardly another word than "comma"
APART = 7.0  # nats that phrases of other commands must be less likely still
ALMOST = 1.0  # nats a letter up to which it may have been a phrase, said badly
HEARD = 0.5  # the same up to which an instruction was heard well

Understand = Callable[[str], Command | None]


def asked(
    hearing: Hearing, understand: Understand, samples: np.ndarray, heard: Sequence[Sequence[Word]]
) -> Command | None:
    """The command that (samples,) are, if they are one.

    `heard` are its words, as they were settled on and then as a draft.
    """
    texts = [text_of(words) for words in heard]
    command = understand(texts[0])
    phrases = [phrase for text in texts if text for phrase in near(text)]
    found = hearing.phrase(samples, phrases) if len(samples) <= LONGEST * RATE else ("", inf)
    if found is None:
        return command  # too little sound to compare: the words decide
    phrase, far = found
    if far > ALMOST:
        free = command is not None and (command.said or command.name == "replace")
        return command if free and _heard(hearing, samples, texts[0]) else None
    meant = understand(phrase)
    others = [each for each in phrases if understand(each) != meant]
    near_enough = far <= SOUNDS_LIKE * min(1, len(phrase) / SHORT)
    return meant if near_enough and _apart(hearing, samples, found, others) else None


def _apart(hearing: Hearing, samples: np.ndarray, found: tuple[str, float], others: Sequence[str]) -> bool:
    """Whether a phrase is likelier than `others` by enough."""
    second = hearing.phrase(samples, others)
    return second is None or len(second[0]) * second[1] - len(found[0]) * found[1] >= APART


def _heard(hearing: Hearing, samples: np.ndarray, text: str) -> bool:
    """Whether the words are what the letters say, and not what a model of words made of them."""
    found = hearing.phrase(samples, [text])
    return found is None or found[1] <= HEARD
