"""`killah index` and `killah forget`: what of the owner's writing Killah knows."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from killah.cli.output import JSON, print_json, table
from killah.errors import KillahError

if TYPE_CHECKING:
    from killah.persona.consent import Plan
    from killah.persona.embedding import Embedder
    from killah.persona.report import Progress, Report

TO_READ = typer.Argument(..., help="Files and folders to read.", metavar="PATH...")
TO_FORGET = typer.Argument(None, help="Files and folders to forget.", metavar="[PATH...]")
INTO = typer.Option(None, "--persona", "-p", help="Persona to build; the one in the settings otherwise.")
ONLY = typer.Option(None, "--persona", "-p", help="Only in this persona; in all otherwise.")
YES = typer.Option(False, "--yes", "-y", help="Do not ask.")
ALL = typer.Option(False, "--all", help="Forget everything that was ever read.")
WATCH = typer.Option(False, "--watch", help="Go on following changes until Ctrl-C.")
EXCLUDE = typer.Option([], help="Leave out, in this run, what this gitignore pattern matches. Repeatable.")


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
    yes: bool = YES,
    watch: bool = WATCH,
    as_json: bool = JSON,
) -> None:
    """Read your writing, so that suggestions sound like you.

    Says what it would read under PATH and asks, once for every new PATH, and again before it reads what an
    --exclude left out. Reads only there and sends nothing anywhere. Links are not followed; hidden files and
    what a .killahignore file lists are left out, now and later. Run it again at any time, or --watch: it
    reads what is new or changed and forgets what is gone. Exit code 1 where nothing could be read.
    """
    from dataclasses import asdict

    from killah.config import load
    from killah.persona.consent import plan
    from killah.persona.embedding import Embedder
    from killah.persona.indexing import index as run
    from killah.persona.scanning import scan

    settings = load()
    name, embedder = persona or settings.persona, Embedder(settings.embedder)
    found = scan(paths, exclude)
    if not yes and (unknown := plan(name, found)):
        _ask(name, unknown)
    try:
        with _progress() as on_progress:
            report = run(paths, name, embedder, exclude=exclude, found=found, on_progress=on_progress)
    except KeyboardInterrupt:  # out here the bar is gone, and the message has a line of its own
        typer.echo("killah: Stopped. What was read so far is kept; run it again to go on.", err=True)
        raise typer.Exit(130) from None
    if as_json:
        print_json(asdict(report), lines=watch)
    else:
        _print(report)
    if watch:
        _watch(paths, name, embedder, exclude, as_json=as_json)
    elif not report.worked:
        raise typer.Exit(1)


def forget(
    paths: list[str] | None = TO_FORGET,
    persona: str | None = ONLY,
    everything: bool = ALL,
    yes: bool = YES,
    as_json: bool = JSON,
) -> None:
    """Erase what was read under PATH, or all of it.

    That is text, vectors, and the bytes they had in Killah's files.
    The documents themselves are not touched. With --all the adapters trained for the personas and the journal
    of suggestions go too; after PATH they stay until `killah adapters rm`. Exit code 1 where nothing of PATH
    was known.
    """
    from killah.adapters import personal
    from killah.persona import forgetting, suggestions

    if everything == bool(paths):
        raise KillahError("Say what to forget: PATH, or --all.", "Example: killah forget ~/Documents/letters")
    if everything and not yes:
        typer.confirm(
            f"Forget all that {f'{persona!r} knows' if persona else 'is known'}?", abort=True, err=True
        )
    forgotten = forgetting.forget_all(persona) if everything else forgetting.forget(paths or [], persona)
    if everything:
        suggestions.clear(persona)
    for name, count in forgotten.items():
        if everything:
            personal.forget(name)
        elif count:
            personal.forget_training(name)
    total = sum(forgotten.values())
    if as_json:
        print_json({"documents": total, "personas": forgotten})
    elif total:
        by_persona = ", ".join(f"{name}: {count:,}" for name, count in forgotten.items() if count)
        typer.echo(f"Forgot {total:,} document{'s' if total > 1 else ''} ({by_persona}).")
        if not everything:
            typer.echo("Indexing a folder above reads them again, unless its .killahignore names them.")
            for name, bases in personal.trained().items():
                _warn_of_trained(name, bases if forgotten.get(name) else [])
    else:
        typer.echo("killah: Nothing of that was known.", err=True)
    if not total and not everything:
        raise typer.Exit(1)


def _warn_of_trained(persona: str, bases: list[str]) -> None:
    from killah.adapters import personal

    for base in bases:
        remove = f"killah adapters rm {personal.name_of(persona)} --base {base}"
        typer.echo(f"The adapter trained on what {persona} knew stays. To remove it: {remove}")


def _ask(persona: str, plan: "Plan") -> None:
    """Put before the owner what would be read; leave where the answer is no, or nobody is there."""
    from killah.persona.scanning import printable

    if not sys.stdin.isatty():
        what = f"Killah asks before it reads {printable(plan.roots[0])}, and nobody can answer here."
        raise KillahError(what, "Run it in a terminal, or agree with --yes.")
    formats = ", ".join(f"{count:,} .{name}" for name, count in plan.formats.items())
    folders = f"{plan.folders:,} folder{'s' if plan.folders > 1 else ''}"
    left_out = {
        "hidden or of the system": plan.hidden,
        "by .killahignore or --exclude": plan.ignored,
        "that nothing reads": plan.other,
        "skipped for another reason": plan.skipped,
    }
    typer.echo(f"For the persona {persona}, Killah will read and keep, on this machine only:", err=True)
    for root in plan.roots:
        typer.echo(f"  {printable(root)}", err=True)
    typer.echo(f"  {plan.documents:,} documents in {folders}, {plan.bytes / 1e6:.1f} MB: {formats}", err=True)
    if counted := ", ".join(f"{count:,} {what}" for what, count in left_out.items() if count):
        typer.echo(f"Left out: {counted}.", err=True)
    if not typer.confirm("Read them?", err=True):
        typer.echo("killah: Nothing was read.", err=True)
        raise typer.Exit(1)


def _watch(
    paths: list[str], persona: str, embedder: "Embedder", exclude: list[str], *, as_json: bool
) -> None:
    """One line for every update, until Ctrl-C."""
    from datetime import datetime

    from killah.persona.watching import watch

    if not as_json:
        typer.echo("\nWatching. Ctrl-C ends it.")
    try:
        for update in watch(paths, persona, embedder, exclude=exclude):
            if as_json:
                print_json(update.facts(), lines=True)
            else:
                typer.echo(f"{datetime.now():%H:%M:%S}  {update}")
    except KeyboardInterrupt:
        if not as_json:
            typer.echo("Stopped watching.")


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
    if report.left_out:
        words = ", ".join(f"{count:,} {reason}" for reason, count in _largest_first(report.left_out))
        typer.echo(f"Words that do not count as your voice: {words}.")
    if report.skipped:
        typer.echo("\nSkipped:")
    for each in report.skipped:
        typer.echo(f"  {each}")


def _endings(other: dict[str, int]) -> str:
    """The commonest endings nothing reads."""
    return ", ".join(f"{count:,} {ending}" for ending, count in _largest_first(other)[:6])


def _largest_first(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
