"""`killah persona list|use|delete`, and in files of their own the other verbs."""

import typer

from killah.cli.output import JSON, print_json, table
from killah.cli.persona import check, show, store, train

app = typer.Typer(
    help="Personas: what Killah knows of a writer. Example: killah persona show", no_args_is_help=True
)


@app.command("list", epilog="Example: killah persona list --json")
def list_(as_json: bool = JSON) -> None:
    """Every persona: documents, words, passages, size, bases it is trained for, and which one is in use."""
    from killah.adapters import personal
    from killah.config import load
    from killah.persona.personas import summaries

    used = load().persona
    trained = personal.trained()
    found = [
        {"name": each.name, "used": each.name == used, "trained": trained.get(each.name, [])} | each.counts
        for each in summaries()
    ]
    if as_json:
        print_json(found)
    elif not found:
        typer.echo("There is no persona yet. Make one: killah index ~/Documents")
    else:
        columns = ["documents", "words", "passages", "MB", "state"]
        rows = [
            [
                "*" if row["used"] else "",
                row["name"],
                ", ".join(row["trained"]),
                *(row.get(c, "") for c in columns[:-1]),
                row.get("problem") or ("paused" if row.get("paused") else ""),
            ]
            for row in found
        ]
        table(["", "persona", "trained for", *columns], rows)


@app.command(epilog="Example: killah persona use saki")
def use(name: str, as_json: bool = JSON) -> None:
    """Make a persona, or a blend, the one that suggestions and continuations follow."""
    from killah.config import set_value
    from killah.persona import blends

    blends.check(name)
    set_value("persona", name)
    if as_json:
        print_json({"persona": name})
    else:
        typer.echo(f"persona = {name}")


@app.command(epilog="Example: killah persona delete saki --yes")
def delete(
    name: str,
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask."),
    as_json: bool = JSON,
) -> None:
    """Delete a persona: text and vectors stored of its documents, its adapters. The documents stay."""
    from killah.adapters import personal
    from killah.persona import personas, suggestions

    personas.existing(name)
    if not yes and not typer.confirm(f"Delete the persona {name!r} and all it knows?", err=True):
        raise typer.Exit(1)
    personas.delete(name)
    personal.forget(name)
    suggestions.clear(name)
    if as_json:
        print_json({"deleted": name})
    else:
        typer.echo(f"Deleted {name}.")


check.register(app)
show.register(app)
store.register(app)
train.register(app)
