"""`killah models list|show|pull|convert|use`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from killah.cli.output import JSON, print_json, progress_bar, table

if TYPE_CHECKING:
    from killah.gemma.manifest import Manifest

app = typer.Typer(
    help="Base models: list, inspect, fetch, convert, choose.",
    epilog="Example: killah models list",
    no_args_is_help=True,
)

Force = Annotated[bool, typer.Option("--force", help="Replace a model of the same name.")]


@app.command("list", epilog="Example: killah models list --json")
def list_(as_json: bool = JSON) -> None:
    """Models on this machine, and those that can be pulled."""
    from killah import config
    from killah.gemma import catalog
    from killah.hub.catalog import known

    chosen = config.load().model
    installed = catalog.installed()
    rows = [
        {
            "name": model.name,
            "in_use": chosen in (model.name, str(model.folder)),
            "parameters": model.manifest.parameters if model.manifest else None,
            "precision": model.manifest.precision if model.manifest else None,
            "bytes": model.manifest.bytes if model.manifest else None,
            "licence": model.manifest.licence if model.manifest else None,
            "folder": str(model.folder),
            "shipped": model.shipped,
            "problem": model.problem,
        }
        for model in installed
    ]
    names = {model.name for model in installed}
    available = {k: v.model_dump() for k, v in known().items() if k not in names}
    if as_json:
        print_json({"installed": rows, "available": available})
        return
    table(
        ["model", "parameters", "precision", "size", "where"],
        [
            [
                f"{row['name']}{' *' if row['in_use'] else ''}",
                _count(row["parameters"]),
                row["precision"] or "-",
                _size(row["bytes"]),
                row["problem"] or ("shipped" if row["shipped"] else row["folder"]),
            ]
            for row in rows
        ],
    )
    typer.echo("\n* in use. To choose another: killah models use NAME")
    for name, entry in available.items():
        typer.echo(f"To fetch {entry['about']} ({_size(entry['download'])}): killah models pull {name}")


@app.command(epilog="Example: killah models show pushkin-nano")
def show(
    model: Annotated[
        str | None, typer.Argument(help="A name or a folder; the one in use if left out.")
    ] = None,
    as_json: bool = JSON,
) -> None:
    """What a model is, after checking that its files are whole."""
    from killah import config
    from killah.gemma import catalog, manifest

    folder = catalog.find(model or config.load().model)
    _print_manifest(manifest.read_verified(folder), folder, as_json)


@app.command(epilog="Example: killah models pull gemma-3-4b")
def pull(
    name: Annotated[str, typer.Argument(help="A name from `killah models list`.")],
    force: Force = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the downloaded original as well.")] = False,
    as_json: bool = JSON,
) -> None:
    """Download a model from the Hugging Face hub and convert it. The only command that uses the network."""
    from killah import devices, paths

    devices.prepare()
    from killah.gemma import hub

    with progress_bar("Converting") as progress:
        result = hub.pull(name, force=force, keep=keep, progress=progress)
    _print_manifest(result, paths.models_dir() / name, as_json)


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
    _print_manifest(result, target, as_json)


@app.command(epilog="Example: killah models use gemma-3-4b")
def use(
    model: Annotated[str, typer.Argument(help="A name or a folder.")],
    as_json: bool = JSON,
) -> None:
    """Write with this model from now on."""
    from killah import config
    from killah.gemma import catalog, manifest

    folder = catalog.find(model)
    about = manifest.read_verified(folder)
    by_path = folder == Path(model).expanduser()
    config.set_value("model", str(folder.resolve()) if by_path else model)
    if as_json:
        print_json({"model": config.load().model, "folder": str(folder)})
    else:
        typer.echo(f"Killah now writes with {about.name} ({about.precision}).")


def _print_manifest(about: "Manifest", folder: Path, as_json: bool) -> None:
    if as_json:
        print_json(about.model_dump() | {"folder": str(folder), "bytes": about.bytes})
        return
    facts: list[tuple[str, Any]] = [
        ("name", about.name),
        ("parameters", _count(about.parameters)),
        ("precision", about.precision),
        ("size", _size(about.bytes)),
        ("source", about.source),
        ("licence", about.licence),
        ("fingerprint", about.fingerprint[:16]),
        ("folder", folder),
    ]
    for key, value in facts:
        typer.echo(f"{key:<12} {value}")


def _count(number: int | None) -> str:
    if number is None:
        return "-"
    return f"{number / 1e9:.2f} B" if number >= 1e9 else f"{number / 1e6:.1f} M"


def _size(number: int | None) -> str:
    if number is None:
        return "-"
    return f"{number / 1e9:.2f} GB" if number >= 1e9 else f"{number / 1e6:.1f} MB"
