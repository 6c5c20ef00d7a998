"""`killah index` and `killah forget`: what of the owner's writing Killah knows."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from killah.cli.output import JSON, print_json, table

if TYPE_CHECKING:
    from killah.persona.report import Progress, Report

TO_READ = typer.Argument(..., help="Files and folders to read.", metavar="PATH...")
TO_FORGET = typer.Argument(..., help="Files and folders to forget.", metavar="PATH...")
INTO = typer.Option(None, "--persona", "-p", help="Persona to build; the one in the settings otherwise.")
ONLY = typer.Option(None, "--persona", "-p", help="Only in this persona; in all otherwise.")
EXCLUDE = typer.Option([], help="Leave out what this gitignore pattern matches. Repeatable.")


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the root."""
    app.command(
        "index", epilog="Example: killah index ~/Documents --exclude 'drafts/' --exclude '*.log.txt'"
    )(index)
    app.command("forget", epilog="Example: killah forget ~/Documents/letters")(forget)


def index(
    paths: list[str] = TO_READ,
    persona: str | None = INTO,
    exclude: list[str] = EXCLUDE,
    as_json: bool = JSON,
) -> None:
    """Read your writing under PATH so that suggestions sound like you.

    Reads .txt, .md, .rtf, .docx and .pdf, only under the paths named, and sends nothing anywhere. Links are
    not followed; hidden files and what a .killahignore file lists are left out. Run it again at any time: it
    reads what is new or changed and forgets what is gone. Exit code 1 where nothing could be read.
    """
    from dataclasses import asdict

    from killah.config import load
    from killah.persona.embedding import Embedder
    from killah.persona.indexing import index as run

    settings = load()
    with _progress() as on_progress:
        try:
            name, embedder = persona or settings.persona, Embedder(settings.embedder)
            report = run(paths, name, embedder, exclude=exclude, on_progress=on_progress)
        except KeyboardInterrupt:
            typer.echo("killah: Stopped. What was read so far is kept; run it again to go on.", err=True)
            raise typer.Exit(130) from None
    if as_json:
        print_json(asdict(report))
    else:
        _print(report)
    if not report.worked:
        raise typer.Exit(1)


def forget(
    paths: list[str] = TO_FORGET,
    persona: str | None = ONLY,
    as_json: bool = JSON,
) -> None:
    """Erase what was read under PATH: text, vectors, and the bytes they had in Killah's files.

    The documents themselves are not touched. Exit code 1 where nothing of PATH was known.
    """
    from killah.persona.forgetting import forget as run

    forgotten = run(paths, persona)
    total = sum(forgotten.values())
    if as_json:
        print_json({"documents": total, "personas": forgotten})
    elif total:
        by_persona = ", ".join(f"{name}: {count:,}" for name, count in forgotten.items() if count)
        typer.echo(f"Forgot {total:,} document{'s' if total > 1 else ''} ({by_persona}).")
        typer.echo("Indexing a folder above reads them again, unless its .killahignore names them.")
    else:
        typer.echo("killah: Nothing of that was known.", err=True)
    if not total:
        raise typer.Exit(1)


@contextmanager
def _progress() -> "Iterator[Callable[[Progress], None]]":
    """A bar on stderr, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Looking", total=None)
        says = {
            "found": "Reading",
            "reading": "Reading",
            "loading": "Loading the embedding model",
            "embedding": "Reading",
            "again": "Embedding again",
        }

        def show(progress: "Progress") -> None:  # type: ignore[valid-type]
            bar.update(
                task, description=says[progress.stage], completed=progress.done, total=progress.total or None
            )

        yield show


def _print(report: "Report") -> None:
    formats = ", ".join(f"{count:,} .{name}" for name, count in sorted(report.formats.items()))
    rows = [
        ["read", report.read, formats],
        ["unchanged", report.unchanged, ""],
        ["removed", report.removed, "gone since the last run"],
        ["skipped", len(report.skipped), "see below"],
        ["no reader", sum(report.other.values()), _endings(report.other)],
    ]
    table([f"persona {report.persona}", "", ""], [row for row in rows if row[1]])
    if report.read:
        typer.echo(
            f"\n{report.words:,} words, {report.passages:,} new passages, {report.bytes / 1e6:.1f} MB "
            f"in {report.seconds:.1f} s (embedding {report.embedding_seconds:.1f} s)."
        )
    if report.skipped:
        typer.echo("\nSkipped:")
    for each in report.skipped:
        typer.echo(f"  {each}")


def _endings(other: dict[str, int]) -> str:
    """The commonest endings nothing reads."""
    common = sorted(other.items(), key=lambda item: (-item[1], item[0]))[:6]
    return ", ".join(f"{count:,} {ending}" for ending, count in common)
