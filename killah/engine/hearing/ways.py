"""Which way speech is heard.

ctc         the encoder's letters and a model of words
reread      the base reads their hypotheses and takes the likeliest
projector   the base writes what its audio projector hears
joint       the base hears the letters' hypotheses behind its audio projector and takes the likeliest
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, Protocol, get_args

from killah.adapters import catalog
from killah.audio.recognition.hearing import Hearing
from killah.audio.recognition.recogniser import Recogniser
from killah.engine.hearing.joint import WIDE, Judged, by_hearing, by_reading
from killah.engine.hearing.projected import PROJECTOR, Projected
from killah.engine.members import Members
from killah.gemma.base import Base

Way = Literal["ctc", "reread", "projector", "joint"]
WAYS: tuple[Way, ...] = get_args(Way)
MEASURED = "word_error_rate_"  # before a way's name, in the metrics of a projector's card


class Expectant(Hearing, Protocol):
    """Hears, and can be told what to expect."""

    def expect(self, phrases: Sequence[str]) -> None:
        """Hear these words and phrases more easily from now on."""
        ...


def chosen(asked: str, base: str, encoder: str) -> Way:
    """The way that was asked for; for `best` the one that measured best with this base and encoder."""
    for way in WAYS:
        if way == asked:
            return way
    return best(base, encoder)


def best(base: str, encoder: str) -> Way:
    """The way that heard best when the base's audio projector was measured.

    By letters where there is none, or it was trained on another encoder's frames.
    """
    for each in catalog.installed(Path(base).name):
        if each.name == PROJECTOR and each.card is not None:
            if f" of {Path(encoder).name} " not in each.card.input_space:
                return "ctc"
            rates = {way: float(each.card.metrics.get(MEASURED + way, "inf")) for way in WAYS}
            return min(WAYS, key=lambda way: rates[way])
    return "ctc"


def load(encoder: str, way: Way, base: Callable[[], tuple[Base, Members]] | None = None) -> Expectant:
    """What hears that way; `base` is asked for a base where it takes one. Raises `KillahError`."""
    if way == "ctc" or base is None:
        return Recogniser.load(encoder)
    loaded, members = base()
    if way == "reread":
        return Judged(Recogniser.load(encoder, WIDE), by_reading(loaded, members))
    recogniser = Recogniser.load(encoder, None if way == "projector" else WIDE)
    projected = Projected(loaded, members, recogniser)
    return projected if way == "projector" else Judged(recogniser, by_hearing(projected))
