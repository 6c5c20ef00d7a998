"""`killah adapters list|show|verify|import|rm`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from killah.cli.adapter_cards import cell, facts, print_card, print_intruders, row
from killah.cli.output import JSON, print_json, table
from killah.errors import KillahError

if TYPE_CHECKING:
    from killah.adapters.package import Adapter
    from killah.gemma.manifest import Manifest

app = typer.Typer(
    help="Adapters: list, inspect, check, bring in, remove.",
    epilog="Example: killah adapters list",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="A name from `killah adapters list`, or a folder.")]
Base = Annotated[
    str | None, typer.Option("--base", help="Base model it belongs to; the one in use if left out.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace what this command made there before.")]


@app.command("list", epilog="Example: killah adapters list --base pushkin-nano --json")
def list_(
    base: Annotated[str | None, typer.Option("--base", help="Only those of this base model.")] = None,
    as_json: bool = JSON,
) -> None:
    """Adapters on this machine, for every base model."""
    from killah.adapters import catalog

    rows = [row(each) for each in catalog.installed(_base_name(base) if base else None)]
    if as_json:
        print_json(rows)
        return
    if not rows:
        typer.echo("There is no adapter yet. Bring one in: killah adapters import FOLDER")
        return
    columns = ["adapter", "role", "rank", "size", "base", "where"]
    columns += ["problem"] if any(each["problem"] for each in rows) else []
    table(columns, [[cell(each, column) for column in columns] for each in rows])


@app.command(epilog="Example: killah adapters show rephrase")
def show(
    adapter: Name,
    base: Base = None,
    intruders: Annotated[
        bool | None,
        typer.Option(
            help="Count intruder dimensions; left out by default where the base has a billion weights."
        ),
    ] = None,
    as_json: bool = JSON,
) -> None:
    """What an adapter is, after checking it; with how many directions it adds that its base has not."""
    from killah.adapters import measuring

    found, folder, about = _read(adapter, base)
    counts: dict[str, int] = {}
    wanted = about.parameters < 1e9 if intruders is None else intruders
    if wanted and found.card.kind == "lora":
        counts = measuring.intruder_dimensions(found, folder)
    if as_json:
        print_json(facts(found) | ({"intruder_dimensions": counts} if counts else {}))
        return
    print_card(found)
    if counts:
        print_intruders(measuring.by_layer(counts))


@app.command(epilog="Example: killah adapters verify")
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Adapters; all of them if left out.")] = None,
    base: Annotated[
        str | None,
        typer.Option("--base", help="Only those of this base model; else all, or of the one in use."),
    ] = None,
    as_json: bool = JSON,
) -> None:
    """Check adapters: hash, base, names, shapes, finite numbers. Exit code 1 if one is broken."""
    from killah.adapters import catalog

    if names:
        own = _base_name(base)
        checked = [{"name": name, "base": own, "problem": _problem(name, own)} for name in names]
    else:
        found = catalog.installed(_base_name(base) if base else None)
        checked = [
            {"name": each.name, "base": each.base, "problem": _problem(each.folder, each.base)}
            for each in found
        ]
    if as_json:
        print_json(checked)
    elif not checked:
        typer.echo("There is no adapter to check.")
    else:
        for each in checked:
            typer.echo(f"{each['name']} ({each['base']}): {each['problem'] or 'whole'}")
    if any(each["problem"] for each in checked):
        raise typer.Exit(1)


@app.command("import", epilog="Example: killah adapters import ~/Downloads/my-lora terse --role rephrase")
def import_(
    source: Annotated[Path, typer.Argument(help="Folder of a PEFT, mlx-lm or Killah adapter.")],
    name: Annotated[str | None, typer.Argument(help="Name it gets; the folder's if left out.")] = None,
    base: Base = None,
    role: Annotated[str, typer.Option(help="What it is for: persona, rephrase, ...; its name else.")] = "",
    licence: Annotated[str, typer.Option(help="Its licence; what its card says else.")] = "",
    data: Annotated[str, typer.Option(help="What it was trained on, in words.")] = "",
    force: Force = False,
    as_json: bool = JSON,
) -> None:
    """Bring in an adapter of PEFT, mlx-lm or another Killah, after checking that it fits the base."""
    from killah.export import importing

    folder = _base_folder(base)
    given = {"role": role, "licence": licence, "data": data}
    made = importing.bring(source, folder, name or "", force=force, **given)
    if as_json:
        print_json(facts(made))
    else:
        print_card(made)


@app.command(epilog="Example: killah adapters rm terse --yes")
def rm(
    name: Annotated[str, typer.Argument(help="One of your own adapters.")],
    base: Base = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: bool = JSON,
) -> None:
    """Remove one of your own adapters; shipped ones stay."""
    from killah.adapters import catalog

    base_name = _base_name(base)
    folder = catalog.own(name, base_name)
    if not yes and not typer.confirm(f"Remove {folder}?", err=True):
        raise typer.Exit(1)
    catalog.remove(name, base_name)
    if as_json:
        print_json({"removed": name, "base": base_name, "folder": str(folder)})
    else:
        typer.echo(f"Removed {name}.")


def _base_folder(base: str | None) -> Path:
    from killah import config
    from killah.gemma import catalog

    return catalog.find(base or config.load().model)


def _base_name(base: str | None) -> str:
    """A base model's own name; as given where the model is not installed but adapters of it may be."""
    from killah.gemma import manifest

    try:
        return manifest.read(_base_folder(base)).name
    except KillahError:
        if base is None:
            raise
        return base


def _read(adapter: str, base: str | None) -> "tuple[Adapter, Path, Manifest]":
    """A verified adapter, with its base's folder and manifest."""
    from killah.adapters import catalog, package
    from killah.gemma import manifest

    folder = _base_folder(base)
    about = manifest.read(folder)
    return package.read(catalog.find(adapter, about.name), about, base_folder=folder), folder, about


def _problem(adapter: str | Path, base_name: str) -> str:
    """What is wrong with an adapter, or nothing; shapes are checked where its base is installed."""
    from killah.adapters import catalog, package
    from killah.gemma import catalog as models
    from killah.gemma import manifest

    try:
        folder = models.find(base_name)
        about = manifest.read(folder)
    except KillahError:
        folder = about = None
    try:
        package.read(catalog.find(adapter, base_name), about, base_folder=folder)
    except KillahError as error:
        return str(error)
    return ""
