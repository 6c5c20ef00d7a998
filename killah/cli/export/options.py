"""Options that verbs of `killah export` share."""

from typing import Annotated

import typer

NOBODY = "none"  # a persona's name that stands for none
TASKS = "A task from `killah compose list`, or adapters: rephrase=1,persona=0.5"

Composition = Annotated[str, typer.Option(help=f"{TASKS}.")]
Base = Annotated[
    str | None, typer.Option("--base", help="Base model; the one in use if left out.", show_default=False)
]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]


def somebody(persona: str | None) -> str | None:
    """The persona that was named, if it is not nobody: for an option's `callback`."""
    return None if persona == NOBODY else persona
