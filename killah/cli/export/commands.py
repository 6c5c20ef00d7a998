"""`killah export`: a composition as a bundle, or for other people's programs."""

import typer

from killah.cli.export import bundle, doors

app = typer.Typer(
    help="Compositions for phones, other apps and other people's programs.",
    epilog="Example: killah export executorch --composition continue --out ./continue",
    no_args_is_help=True,
)
bundle.register(app)
doors.register(app)
