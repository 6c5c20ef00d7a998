"""`killah compose list|show|set`: which adapters do which task."""

import re
from typing import Annotated, Any, Literal

import typer

from killah.cli.output import JSON, print_json, table
from killah.errors import KillahError

app = typer.Typer(
    help="Which adapters do which task: list, inspect, change.",
    epilog="Example: killah compose show continue",
    no_args_is_help=True,
)

MISSING = "(in brackets: not installed for this model, takes no part)"

Task = Annotated[str, typer.Argument(help="A task from `killah compose list`.")]


@app.command("list", epilog="Example: killah compose list --json")
def list_(as_json: bool = JSON) -> None:
    """Every task with its parts; what is not installed for the model in use is in brackets."""
    from killah.engine import compositions

    rows = {task: _described(task) for task in compositions.load()}
    if as_json:
        print_json(rows)
        return
    table(
        ["task", "adapters", "soft tokens", "merge", "what it does"],
        [
            [
                task,
                ", ".join(_member(member) for member in row["loras"]) or "-",
                ", ".join(row["projectors"]) or "-",
                row["merge"],
                row["about"],
            ]
            for task, row in rows.items()
        ],
    )
    typer.echo(f"\n{MISSING}")


@app.command(epilog="Example: killah compose show rephrase")
def show(task: Task, as_json: bool = JSON) -> None:
    """One task's parts, and what there is of them for the model in use."""
    row = _described(task)
    if as_json:
        print_json({"task": task} | row)
        return
    facts: list[tuple[str, Any]] = [
        ("task", f"{task}: {row['about']}"),
        ("soft tokens", ", ".join(row["projectors"]) or "none"),
        ("merge", row["merge"] + (f" ({row['mix']})" if row["mix"] else "")),
        *(("adapter", _member(member)) for member in row["loras"]),
    ]
    for key, value in facts:
        typer.echo(f"{key:<12} {value}")
    if not all(member["installed"] for member in row["loras"]):
        typer.echo(MISSING)


@app.command("set", epilog="Example: killah compose set continue --lora persona=0.7 --merge pico")
def set_(
    task: Task,
    lora: Annotated[
        list[str] | None,
        typer.Option(help="NAME=WEIGHT, repeatable; weight 0 leaves an adapter out.", show_default=False),
    ] = None,
    merge: Annotated[
        Literal["sum", "pico", "cat"] | None, typer.Option(help="How the adapters' deltas are merged.")
    ] = None,
    mix: Annotated[str | None, typer.Option(help="Learned mixture for --merge cat.")] = None,
    persona: Annotated[
        bool | None,
        typer.Option("--persona/--no-persona", help="Put the persona's soft tokens before the text."),
    ] = None,
    interactive: Annotated[
        bool | None,
        typer.Option("--interactive/--plain", help="Whether persona and audio are standing members."),
    ] = None,
    about: Annotated[str | None, typer.Option(help="What a new task does.")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Forget your changes to this task.")] = False,
    as_json: bool = JSON,
) -> None:
    """Change a task, or make a new one. Your changes live beside your settings."""
    from killah.engine import compositions

    known = compositions.load()
    if task not in known and not re.fullmatch(r"\w[\w-]*", task):
        raise KillahError(f"{task!r} is no name for a task.", "Use letters, digits, - and _.")
    changes: dict[str, Any] = {"merge": merge, "mix": mix, "interactive": interactive, "about": about}
    if lora:
        old = known[task].loras if task in known else {}
        changes["loras"] = old | dict(_weight(each) for each in lora)
    if persona is not None:
        others = [p for p in (known[task].projectors if task in known else ()) if p != "persona"]
        changes["projectors"] = [*others, *(["persona"] if persona else [])]
    changes = {key: value for key, value in changes.items() if value is not None}
    if not changes and not reset:
        raise KillahError("Nothing to change was given.", "Example: killah compose set continue --merge pico")
    if reset:
        compositions.change(task, {})
    if changes:
        compositions.change(task, changes)
    show(task, as_json=as_json)


def _weight(text: str) -> tuple[str, float]:
    name, equals, weight = text.partition("=")
    try:
        if not equals or not name:
            raise ValueError
        return name, float(weight)
    except ValueError:
        raise KillahError(f"--lora {text!r} is not NAME=WEIGHT.", "Example: --lora persona=0.7") from None


def _described(task: str) -> dict[str, Any]:
    """A composition with what is installed of it for the model in use."""
    from killah import config
    from killah.adapters import catalog as adapters
    from killah.engine import compositions
    from killah.gemma import catalog, manifest

    composition = compositions.get(task)
    base = manifest.read(catalog.find(config.load().model)).name
    here = {each.name for each in adapters.installed(base)}
    members = [
        {"name": name, "weight": weight, "installed": name in here, "standing": name not in composition.loras}
        for name, weight in composition.members.items()
    ]
    return composition.model_dump() | {"loras": members, "base": base}


def _member(member: dict[str, Any]) -> str:
    weight = "" if member["weight"] == 1 else f" {member['weight']:g}"
    text = f"{member['name']}{weight}"
    return text if member["installed"] else f"({text})"
