"""Options of several commands that hear."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Device = Annotated[str | None, typer.Option(help="Microphone: its number or a part of its name.")]
Encoder = Annotated[str | None, typer.Option(help="Speech encoder, by name or folder.")]
Recording = Annotated[Path | None, typer.Option("--from", help="Hear a recording as if it were said now.")]
Way = Literal["best", "ctc", "reread", "projector", "joint"]
WAY = (
    "What hears: ctc (the speech encoder's letters and a word model), reread (the base reads its guesses), "
    "projector (the base writes what its audio projector hears), joint (the base hears the guesses), "
    "best (whichever measured best). Without it, as the setting hearing says."
)
