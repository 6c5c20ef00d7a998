"""Who says the commands that thresholds are chosen on: voices that nothing is trained on or measured with.

But for Russian, which has too few: half of it is a measured voice at other speeds, so that for that voice
figures have other sentences and no other throat.
"""

import random

import numpy as np
import soxr

from killah.audio import RATE
from tools.ear import voices
from tools.ear.voices import Voice

_VARIANTS = """
AnxiousAndy Gene2 Marco RicishayMax RicishayMax3 Storm antonio announcer edward2 iven2 iven4 klatt3 klatt6
steph2 steph3
""".split()
_ACCENTS = "en-us en-us en-us en-gb en-gb-x-rp en-gb-scotland en-029 en-gb-x-gbclan en-gb-x-gbcwmd".split()
_OTHERS = [Voice("festival", "kal_diphone"), Voice("flite", "kal")]
_RUSSIAN = Voice("festival", "msu_ru_nsh_clunits")  # measured with; it is another throat at another speed
_SPEEDS = (0.86, 0.9, 1.1, 1.16)


def measuring(text: str, language: str, dice: random.Random) -> np.ndarray:
    """`text` spoken by a voice that figures are measured with, (samples,) float32."""
    return voices.say(text, voices.draw(language, dice, unheard=True))


def choosing(text: str, language: str, dice: random.Random) -> np.ndarray:
    """`text` spoken by one that thresholds are chosen with, (samples,) float32."""
    if language == "ru" and dice.random() < 0.5:
        spoken = voices.say(text, _RUSSIAN)
        return soxr.resample(spoken, RATE * dice.choice(_SPEEDS), RATE).astype(np.float32)
    if language == "en" and dice.random() < 0.4:
        return voices.say(text, dice.choice(_OTHERS))
    name = "ru" if language == "ru" else dice.choice(_ACCENTS)
    speed, pitch = round(dice.gauss(165, 25)), round(dice.gauss(50, 15))
    return voices.say(text, Voice("espeak", name, dice.choice(_VARIANTS), speed, pitch))
