"""`killah export`: a composition as a bundle for other programs and devices."""

import typer

from killah.cli import export_bundle

app = typer.Typer(
    help="Compositions for phones, other apps and other people's programs.",
    epilog="Example: killah export executorch --composition continue --out ./continue",
    no_args_is_help=True,
)
export_bundle.register(app)
