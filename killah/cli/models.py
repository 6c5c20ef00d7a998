"""`killah models list|show|pull|convert|use|rm`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from killah.cli import model_cards
from killah.cli.output import JSON, print_json, progress_bar, table
from killah.errors import KillahError

app = typer.Typer(
    help="Base models and speech encoders: list, inspect, fetch, convert, choose, remove.",
    epilog="Example: killah models list",
    no_args_is_help=True,
)

Force = Annotated[bool, typer.Option("--force", help="Replace a model of the same name.")]


@app.command("list", epilog="Example: killah models list --json")
def list_(as_json: bool = JSON) -> None:
    """Models on this machine, and those that can be pulled."""
    from killah import config
    from killah.audio import catalog as encoders
    from killah.gemma import catalog as bases
    from killah.hub.catalog import known

    settings = config.load()
    rows = [model_cards.base_row(model, settings.model) for model in bases.installed()]
    rows += [model_cards.encoder_row(encoder, settings.encoder) for encoder in encoders.installed()]
    names = {row["name"] for row in rows}
    available = {k: v.model_dump() for k, v in known().items() if k not in names}
    if as_json:
        print_json({"installed": rows, "available": available})
        return
    columns = ["model", "kind", "parameters", "precision", "size", "where"]
    table(columns, [model_cards.cells(row) for row in rows])
    typer.echo("\n* in use. To choose another: killah models use NAME")
    for name, entry in available.items():
        typer.echo(
            f"To fetch {entry['about']} ({model_cards.size(entry['download'])}): killah models pull {name}"
        )


@app.command(epilog="Example: killah models show pushkin-nano")
def show(
    model: Annotated[
        str | None, typer.Argument(help="A name or a folder; the base in use if left out.")
    ] = None,
    as_json: bool = JSON,
) -> None:
    """What a model is, after checking that its files are whole."""
    from killah import config

    if model and (folder := _encoder(model)):
        from killah.audio import catalog as encoders

        model_cards.print_encoder(encoders.describe(folder), as_json)
        return
    from killah.gemma import catalog, manifest

    folder = catalog.find(model or config.load().model)
    model_cards.print_base(manifest.read_verified(folder), folder, as_json)


@app.command(epilog="Example: killah models pull gemma-3-4b")
def pull(
    name: Annotated[str, typer.Argument(help="A name from `killah models list`.")],
    force: Force = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the downloaded original of a base as well.")
    ] = False,
    as_json: bool = JSON,
) -> None:
    """Download a model from the Hugging Face hub. The only command that uses the network.

    Bases are converted to INT4; speech encoders stay as they are.
    """
    from killah import devices, paths
    from killah.hub.catalog import entry

    if entry(name).kind == "encoder":
        from killah.audio import hub as encoders

        model_cards.print_encoder(encoders.pull(name, force=force), as_json)
        return
    devices.prepare()
    from killah.gemma import hub

    with progress_bar("Converting") as progress:
        result = hub.pull(name, force=force, keep=keep, progress=progress)
    model_cards.print_base(result, paths.models_dir() / name, as_json)


@app.command(epilog="Example: killah models convert ~/Downloads/gemma-3-4b-pt gemma-3-4b")
def convert(
    source: Annotated[Path, typer.Argument(help="Folder with config.json, tokenizer.json and .safetensors.")],
    name: Annotated[str | None, typer.Argument(help="Name of the result; the folder's if left out.")] = None,
    bits: Annotated[
        Literal["4", "8", "none"], typer.Option(help="Bits a weight; none keeps bfloat16.")
    ] = "4",
    group_size: Annotated[int, typer.Option(help="Weights that share a scale: 32, 64 or 128.")] = 64,
    embedding_bits: Annotated[
        Literal["4", "8"] | None, typer.Option(help="Bits of the embedding; as --bits if left out.")
    ] = None,
    to: Annotated[Path | None, typer.Option(help="Put the result here, not among your models.")] = None,
    force: Force = False,
    as_json: bool = JSON,
) -> None:
    """Convert a Gemma 3 checkpoint in the Hugging Face format to a Killah model."""
    from killah import devices, paths

    devices.prepare()
    from killah.gemma.convert import convert as run
    from killah.hub.catalog import check_name

    target = to or paths.models_dir() / check_name(name or source.resolve().name)
    with progress_bar("Converting") as progress:
        result = run(
            source,
            target,
            bits=None if bits == "none" else int(bits),
            group_size=group_size,
            embedding_bits=int(embedding_bits) if embedding_bits else None,
            force=force,
            progress=progress,
        )
    model_cards.print_base(result, target, as_json)


@app.command(epilog="Example: killah models use gemma-3-4b")
def use(
    model: Annotated[str, typer.Argument(help="A name or a folder.")],
    as_json: bool = JSON,
) -> None:
    """Write with this base, or hear with this speech encoder, from now on."""
    from killah import config

    if folder := _encoder(model):
        from killah.audio import catalog as encoders

        about = encoders.describe(folder)
        setting, told = "encoder", f"Killah now hears with {about.name} ({about.precision})."
    else:
        from killah.gemma import catalog, manifest

        folder = catalog.find(model)
        base = manifest.read_verified(folder)
        setting, told = "model", f"Killah now writes with {base.name} ({base.precision})."
    by_path = folder == Path(model).expanduser()
    chosen = str(folder.resolve()) if by_path else model
    config.set_value(setting, chosen)
    if as_json:
        print_json({setting: chosen, "folder": str(folder)})
    else:
        typer.echo(told)


@app.command(epilog="Example: killah models rm gemma-3-4b --yes")
def rm(
    name: Annotated[str, typer.Argument(help="One of your own models.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: bool = JSON,
) -> None:
    """Remove one of your own models; shipped ones stay, and the ones in use."""
    from killah import config
    from killah.hub import folders

    folder = folders.own(name)
    settings = config.load()
    if {name, str(folder.resolve())} & {settings.model, settings.encoder}:
        raise KillahError(f"{name} is in use.", "Choose another one first: killah models use NAME")
    if not yes and not typer.confirm(f"Remove {folder}?", err=True):
        raise typer.Exit(1)
    folders.remove(name)
    if as_json:
        print_json({"removed": name, "folder": str(folder)})
    else:
        typer.echo(f"Removed {name}.")


def _encoder(name_or_folder: str) -> Path | None:
    """Folder of a speech encoder, if it is one."""
    from killah.audio import catalog

    try:
        folder = catalog.find(name_or_folder)
    except KillahError:
        return None
    return folder if catalog.is_encoder(folder) else None
