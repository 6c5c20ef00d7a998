"""A text beside its writer: the likeness, and the habits in which the text differs most."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from killah.errors import KillahError
from killah.persona import personas, style
from killah.persona.likeness import LEAST, PASSAGE, SHORTEST, Likeness, Reading, read, written_in
from killah.persona.store import Store
from killah.persona.wording import called, natural, shown, tendency

SHOWN = 3  # deviations, at most one of a group
CLEAR = 1.0  # standard errors; a smaller deviation is no news


@dataclass(frozen=True)
class Deviation:
    """A habit of the writer's that a text does not have: `sentence` says it; `errors` is how clearly."""

    group: str
    feature: str
    here: float
    usual: float
    unit: str
    errors: float
    sentence: str


@dataclass(frozen=True)
class Comparison:
    """How much the last `words` of a text are like the writer, 0 to 100, and what differs most."""

    score: int
    words: int
    deviations: list[Deviation]


def compare(persona: str, text: str) -> Comparison:
    """Compare the end of `text` with a persona.

    Raises `KillahError` where there is no such persona, or too little of it or of the text.
    """
    path = personas.existing(persona)
    reading = read(text)
    if reading is None:
        raise KillahError("There is too little text to score.", f"Give {SHORTEST} words or more.")
    with Store.open(path) as store:
        styles, documents = store.styles(), store.counted()[1]
    score = Likeness.of(styles, documents).rate(reading)
    if score is None:
        language = {"en": "English", "ru": "Russian"}[reading.language]
        raise KillahError(
            f"The persona {persona!r} knows too little {language}.",
            f"Index {LEAST * PASSAGE} words of it or more.",
        )
    own = styles[written_in(reading.language, styles)]
    return Comparison(score, reading.words, deviations(reading, own))


def deviations(reading: Reading, styles: np.ndarray) -> list[Deviation]:
    """Where a text is least like passages (n, WIDTH): in standard errors of a mean of so many words."""
    mean, spread = styles.mean(axis=0), np.maximum(styles.std(axis=0), 0.25)
    errors = (reading.style - mean) / spread * sqrt(max(reading.words / PASSAGE, 0.5))
    found: dict[str, Deviation] = {}
    for place in np.argsort(-np.abs(errors)):
        feature = style.FEATURES[place]
        if abs(errors[place]) < CLEAR or len(found) == SHOWN:
            break
        if feature.group not in found:
            found[feature.group] = _deviation(reading, int(place), float(mean[place]), float(errors[place]))
    return list(found.values())


def _deviation(reading: Reading, place: int, usual: float, errors: float) -> Deviation:
    feature = style.FEATURES[place]
    centre, scale = (float(each[place]) for each in style.reference(reading.language))
    here, unit = natural(feature, max(centre + scale * float(reading.style[place]), 0.0))
    typical, _ = natural(feature, max(centre + scale * usual, 0.0))
    habit = tendency(feature, errors < 0, reading.language)
    values = f"{shown(typical, unit)}, here {shown(here, unit)}"
    return Deviation(
        feature.group,
        called(feature, reading.language),
        here,
        typical,
        unit,
        round(errors, 2),
        f"You usually write {habit}: {values}.",
    )
