"""`killah persona search|pause|resume|export|import`: the owner's hold on what is stored."""

from dataclasses import asdict
from pathlib import Path

import typer

from killah.cli.output import JSON, print_json, table

NAME = typer.Argument(None, help="A persona; the one in the settings otherwise.")
MOST = typer.Option(20, "--most", "-n", min=1, help="Places shown at most.")
AS = typer.Option(None, "--name", help="Another name for the persona.")


def register(app: typer.Typer) -> None:
    """Add the commands of this file to `killah persona`."""
    app.command(epilog="Example: killah persona search saki 'the gulls'")(search)
    app.command(epilog="Example: killah persona pause saki")(pause)
    app.command(epilog="Example: killah persona resume saki")(resume)
    app.command(epilog="Example: killah persona export saki saki.killah")(export)
    app.command("import", epilog="Example: killah persona import saki.killah --name uncle")(import_)


def search(name: str, query: str, most: int = MOST, as_json: bool = JSON) -> None:
    """Where a word or a phrase stands in what a persona read; a * at the end stands for any ending.

    Exit code 1 where it stands nowhere.
    """
    from killah.persona.personas import existing
    from killah.persona.store import Store

    with Store.open(existing(name)) as store:
        hits = store.search(query, most)
    if as_json:
        print_json([asdict(hit) for hit in hits])
    elif hits:
        from killah.persona.scanning import printable

        table(["document", "words"], [[printable(hit.path), " ".join(hit.snippet.split())] for hit in hits])
    else:
        typer.echo(f"killah: {query!r} stands nowhere in what {name} read.", err=True)
    if not hits:
        raise typer.Exit(1)


def pause(name: str | None = NAME, as_json: bool = JSON) -> None:
    """Read nothing more for a persona, and write like nobody while it is in use. Nothing is lost."""
    _set_paused(name, True, as_json)


def resume(name: str | None = NAME, as_json: bool = JSON) -> None:
    """Go on with a persona that was paused."""
    _set_paused(name, False, as_json)


def _set_paused(name: str | None, paused: bool, as_json: bool) -> None:
    from killah.config import load
    from killah.persona.consent import set_paused

    name = name or load().persona
    set_paused(name, paused)
    if as_json:
        print_json({"persona": name, "paused": paused})
    else:
        typer.echo(f"{name} is paused." if paused else f"{name} goes on.")


def export(name: str, file: Path, as_json: bool = JSON) -> None:
    """Write a persona, with the adapters trained for it, to one file that only you can read.

    It holds the text of your documents: keep it as safe as them.
    """
    from killah.persona import backup

    manifest = backup.write(name, file)
    if as_json:
        print_json({"file": str(file), "bytes": file.expanduser().stat().st_size} | manifest.model_dump())
    else:
        adapters = sum(member.endswith(".safetensors") for member in manifest.files)
        extra = f" and {adapters} adapter{'s' if adapters > 1 else ''}" if adapters else ""
        size = file.expanduser().stat().st_size / 1e6
        typer.echo(f"Wrote {name}{extra} to {file} ({size:.1f} MB). It holds the text of your documents.")


def import_(file: Path, name: str | None = AS, as_json: bool = JSON) -> None:
    """Make a persona of a file that `killah persona export` wrote, after checking all of it."""
    from killah.persona import backup
    from killah.persona.personas import existing
    from killah.persona.store import Store

    name = backup.read(file, name)
    with Store.open(existing(name)) as store:
        counts = store.counts()
    if as_json:
        print_json({"persona": name} | counts)
    else:
        documents = f"{counts['documents']:,} document{'s' if counts['documents'] != 1 else ''}"
        typer.echo(f"{name}: {documents}, {counts['words']:,} words.")
