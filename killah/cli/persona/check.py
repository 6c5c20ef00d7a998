"""`killah persona check`: what each way of being personal is worth, and the weights that win."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from killah.cli.output import JSON, print_json, table

if TYPE_CHECKING:
    from killah.engine.personal.check import Checked
    from killah.metrics.intervals import Estimate


def register(app: typer.Typer) -> None:
    """Add the command to `killah persona`."""
    app.command("check", epilog="Example: killah persona check saki --picture check.png")(check)


def check(
    name: Annotated[str | None, typer.Argument(help="A persona; the one in the settings otherwise.")] = None,
    picture: Annotated[Path | None, typer.Option(help="Draw the result as a PNG or SVG.")] = None,
    model: Annotated[str | None, typer.Option(help="Base model, by name or folder.")] = None,
    dry: Annotated[
        bool, typer.Option("--dry-run", help="Measure, but keep the weights as they are.")
    ] = False,
    as_json: bool = JSON,
) -> None:
    """Measure on your own held-out text what makes Killah write like you, and set the weights that win.

    Of the persona's documents in its main language some, or their later parts, are set aside. Killah predicts
    them with nothing of yours, with each way of being personal (passages, soft tokens, the persona LoRA, your
    n-grams) and with their combinations, chooses on one half and confirms on the other. Several ways at once
    are taken only where that is clearly better. Takes one to three minutes on a machine with nothing else to
    do; nothing leaves it.
    """
    from killah.config import load
    from killah.engine.personal import chart
    from killah.engine.personal.check import check as run

    if picture:
        chart.check_name(picture)
    settings = load()
    if model:
        settings = settings.model_copy(update={"model": model})
    with _progress() as on_progress:
        found = run(name or settings.persona, settings, on_progress=on_progress, keep=not dry)
    if picture:
        chart.draw(found, picture)
    if as_json:
        from dataclasses import asdict

        print_json(asdict(found) | {"kept": not dry})
    else:
        _print(found, kept=not dry)
        if picture:
            typer.echo(f"Drawn: {picture}")


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None]]:
    """A bar on stderr, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _, __: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)


def _print(found: "Checked", *, kept: bool) -> None:
    rows: list[list[Any]] = [
        [
            "*" if line.way == found.chosen else "",
            line.name,
            f"{line.bits_per_byte.value:.3f}",
            "" if line.name == "base" else _change(line.change),
        ]
        for line in found.lines
    ]
    table(["", f"{found.persona} on {found.model}", "bits a byte", "less or more (95 %)"], rows)
    typer.echo(
        f"\n{found.texts} held-out texts confirmed this, as many others chose, of {found.words:,} words in "
        f"{found.documents:,} documents; {found.seconds:.0f} s."
    )
    writing = found.writing
    rows = [
        [what, *(_share(getattr(each, part)) for each in writing.values())]
        for what, part in (("first word right", "first_word"), ("keystrokes saved", "saved"))
    ]
    distances = [each.style_distance for each in writing.values()]
    if None not in distances:
        rows.append(["distance of style", *(f"{distance:.3f}" for distance in distances)])
    rows.append(["positions read a keystroke", *(f"{each.positions.value:.1f}" for each in writing.values())])
    typer.echo()
    table(["", *writing], rows)
    if found.own_lora:
        typer.echo(
            f"\npersona-{found.persona} was trained on this text: it is not measured here and counts whole;"
            " killah persona train says what it is worth."
        )
    typer.echo(f"\n{'Kept' if kept else 'Not kept'}: {found.chosen.name}.")


def _change(change: "Estimate") -> str:
    return f"{change.value:+.1f} % ({change.low:+.1f} to {change.high:+.1f})"


def _share(estimate: "Estimate") -> str:
    return f"{estimate.value:.1%} ({estimate.low:.1%} to {estimate.high:.1%})"
