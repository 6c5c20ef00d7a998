"""`killah export hf|peft|mlx-lm|gguf`: a composition for other people's programs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from killah.cli.export import parts
from killah.cli.export.options import TASKS, Base, Composition, Force, somebody
from killah.cli.output import JSON, print_json, progress_bar

if TYPE_CHECKING:
    from killah.export.composed import Composed
    from killah.export.doors import Done

Perhaps = Annotated[str, typer.Option("--composition", help=f"{TASKS}; the base alone else.")]
Out = Annotated[Path, typer.Option(help="Folder to make.")]
Merge = Annotated[
    Literal["sum", "pico"] | None, typer.Option(help="How adapters are added up; as the task says, else sum.")
]
Persona = Annotated[
    str | None,
    typer.Option(
        "--persona", callback=somebody, help="Whose own LoRA stands in the place of the persona adapter."
    ),
]
Check = Annotated[
    bool | None,
    typer.Option(
        "--check/--no-check",
        help="Compare it with the original in the other program; by default where the base is small.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the verbs to `killah export`."""
    app.command("hf", epilog="Example: killah export hf --composition rephrase --out ./rephrase")(to_hf)
    app.command("peft", epilog="Example: killah export peft --composition rephrase --out ./lora")(to_peft)
    app.command("mlx-lm", epilog="Example: killah export mlx-lm --composition rephrase --out ./lora")(
        to_mlx_lm
    )
    app.command("gguf", epilog="Example: killah export gguf --composition rephrase --out ./gguf")(to_gguf)


def to_hf(
    out: Out,
    composition: Perhaps = "",
    dtype: Annotated[
        Literal["float32", "bfloat16"],
        typer.Option(help="float32 computes the same, bfloat16 is half as large."),
    ] = "float32",
    merge: Merge = None,
    persona: Persona = None,
    base: Base = None,
    check: Check = None,
    force: Force = False,
    as_json: bool = JSON,
) -> None:
    """Base and LoRAs as one Hugging Face checkpoint; never in INT4, which would lose the LoRAs."""
    from killah.export import doors

    made = _made(composition, base, merge, persona)
    with progress_bar("Writing") as progress:
        done = doors.to_hf(made, doors.Wish(out, force, check), dtype, progress)
    _tell(done, as_json, f"To write with it in Killah: killah models convert {done.folder}")


def to_gguf(
    out: Out,
    composition: Perhaps = "",
    type_: Annotated[
        Literal["f32", "f16", "bf16", "q8_0"], typer.Option("--type", help="How weights are stored.")
    ] = "f16",
    merge: Merge = None,
    persona: Persona = None,
    base: Base = None,
    check: Check = None,
    force: Force = False,
    as_json: bool = JSON,
) -> None:
    """Base and LoRAs as one GGUF file, for llama.cpp and what is built on it."""
    from killah.export import doors

    made = _made(composition, base, merge, persona)
    with progress_bar("Writing") as progress:
        done = doors.to_gguf(made, doors.Wish(out, force, check), type_, progress)
    _tell(done, as_json)


def to_peft(
    composition: Composition,
    out: Out,
    merge: Merge = None,
    persona: Persona = None,
    base: Base = None,
    check: Check = None,
    force: Force = False,
    as_json: bool = JSON,
) -> None:
    """An adapter as a folder that PEFT loads; several become one."""
    from killah.export import doors

    made = _made(composition, base, merge, persona)
    _tell(doors.to_peft(made, doors.Wish(out, force, check)), as_json)


def to_mlx_lm(
    composition: Composition,
    out: Out,
    merge: Merge = None,
    persona: Persona = None,
    base: Base = None,
    check: Check = None,
    force: Force = False,
    as_json: bool = JSON,
) -> None:
    """An adapter as a folder that mlx-lm loads; several become one."""
    from killah.export import doors

    made = _made(composition, base, merge, persona)
    _tell(doors.to_mlx_lm(made, doors.Wish(out, force, check)), as_json)


def _made(
    text: str, base: str | None, merge: Literal["sum", "pico"] | None, persona: str | None
) -> "Composed":
    """The LoRAs of a task, or of a list of adapters; other programs have no soft tokens."""
    return parts.gather(text, base, persona, how=merge, soft=False)[0]


def _tell(done: "Done", as_json: bool, hint: str = "") -> None:
    """Where it is, what it is made of, and how it was checked."""
    if as_json:
        print_json({"folder": str(done.folder)} | done.record)
        return
    composed = done.composed
    loras = [f"{each.adapter.card.name} ({each.weight:g})" for each in composed.loras]
    typer.echo(f"Wrote {done.folder}: {composed.about.name} with {' and '.join(loras) or 'no LoRA'}.")
    typer.echo(str(done.check) if done.check else f"Not checked: {done.unchecked}.")
    if hint:
        typer.echo(hint)
