"""How `killah transcribe` and `killah dictate` let one choose what hears."""

from typing import Literal

Way = Literal["best", "ctc", "reread", "projector", "joint"]
WAY = (
    "What hears: ctc (the speech encoder's letters and a word model), reread (the base reads its guesses), "
    "projector (the base writes what its audio projector hears), joint (the base hears the guesses), "
    "best (whichever measured best)."
)
