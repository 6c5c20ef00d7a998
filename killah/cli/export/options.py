"""Options that verbs of `killah export` share."""

from typing import Annotated

import typer

TASKS = "A task from `killah compose list`, or adapters: rephrase=1,persona=0.5"

Composition = Annotated[str, typer.Option(help=f"{TASKS}.")]
Base = Annotated[
    str | None, typer.Option("--base", help="Base model; the one in use if left out.", show_default=False)
]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
