"""How `killah transcribe` and `killah dictate` let one choose what hears."""

from typing import Literal

Way = Literal["best", "ctc", "projector", "joint"]
WAY = (
    "What hears: ctc (the speech encoder's letters and a word model), projector (the base writes what its "
    "audio projector hears), joint (both vote), best (whichever measured best)."
)
