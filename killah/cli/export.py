"""`killah export`: a composition as a bundle for other programs and devices."""

import typer

app = typer.Typer(
    help="Bundles for phones and other apps: export, check, run.",
    epilog="Example: killah export executorch --composition continue --out continue.bundle",
    no_args_is_help=True,
)


@app.callback()
def root() -> None:
    """Bundles for phones and other apps: export, check, run."""
