"""`killah train lora|persona-projector|audio-projector|audio-lora|compose|codes|plan`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from killah.cli.output import JSON, print_json, table
from killah.errors import KillahError

if TYPE_CHECKING:
    from rich.progress import Progress

    from killah.training.log import Entry

app = typer.Typer(
    help="Train adapters, projectors and mixtures on the frozen base; plan what it takes.",
    epilog="Example: killah train lora --config persona.yaml --set iters=200",
    no_args_is_help=True,
)

File = Annotated[Path, typer.Option("--config", "-c", help="YAML file; mlx-lm's are taken as they are.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Another value of the file; may be repeated."),
]
Processes = Annotated[int, typer.Option(min=1, help="Processes on this machine that share each step.")]
Hosts = Annotated[
    Path | None, typer.Option(help="Machines that share each step, this one first: mlx.launch's JSON file.")
]


@app.command(epilog="Example: killah train lora -c rephrase.yaml --set lora_parameters.rank=16")
def lora(
    config: File,
    overrides: Overrides = None,
    processes: Processes = 1,
    hostfile: Hosts = None,
    as_json: bool = JSON,
) -> None:
    """An adapter of a persona or of a task. The same command goes on with a run that was interrupted.

    The data is a folder with train.jsonl and valid.jsonl, rows of {"text"}, {"prompt", "completion"},
    {"messages"} or {"instruction", "input", "output"}; what answers a prompt is learned.
    """
    _train("lora", config, overrides, processes, hostfile, as_json)


@app.command("persona-projector", epilog="Example: killah train persona-projector -c projector.yaml")
def persona_projector(
    config: File,
    overrides: Overrides = None,
    processes: Processes = 1,
    hostfile: Hosts = None,
    as_json: bool = JSON,
) -> None:
    """From a persona's passages to soft tokens: rows with a "persona", beside personas.safetensors."""
    _train("persona-projector", config, overrides, processes, hostfile, as_json)


@app.command("audio-projector", epilog="Example: killah train audio-projector -c audio-projector.yaml")
def audio_projector(
    config: File,
    overrides: Overrides = None,
    processes: Processes = 1,
    hostfile: Hosts = None,
    as_json: bool = JSON,
) -> None:
    """From a speech encoder's frames to soft tokens: rows with a "recording", beside recordings.npy."""
    _train("audio-projector", config, overrides, processes, hostfile, as_json)


@app.command("audio-lora", epilog="Example: killah train audio-lora -c audio.yaml --set iters=200")
def audio_lora(
    config: File,
    overrides: Overrides = None,
    processes: Processes = 1,
    hostfile: Hosts = None,
    as_json: bool = JSON,
) -> None:
    """An adapter that reads speech behind an audio projector, or writes what was said as you would."""
    _train("audio-lora", config, overrides, processes, hostfile, as_json)


@app.command(epilog="Example: killah train compose -c mixture.yaml --set members=[persona,continue]")
def compose(
    config: File,
    overrides: Overrides = None,
    processes: Processes = 1,
    hostfile: Hosts = None,
    as_json: bool = JSON,
) -> None:
    """How much of each adapter in each layer: a learned mixture of adapters that stay as they are."""
    _train("compose", config, overrides, processes, hostfile, as_json)


@app.command(epilog="Example: killah train codes -c codes.yaml --set soft_tokens=8")
def codes(
    config: File,
    overrides: Overrides = None,
    processes: Processes = 1,
    hostfile: Hosts = None,
    as_json: bool = JSON,
) -> None:
    """Soft tokens for control codes (--as): rows with "codes"; the file's prompts name the codes."""
    _train("codes", config, overrides, processes, hostfile, as_json)


@app.command(epilog="Example: killah train plan lora --model gemma-3-4b --rank 16 --length 512")
def plan(
    stage: Annotated[str, typer.Argument(help="lora, persona-projector or compose.")] = "lora",
    model: Annotated[str, typer.Option(help="A model on this machine, or one that can be pulled.")] = "",
    rank: Annotated[int, typer.Option(min=1, help="Rank of the adapter.")] = 64,
    batch_size: Annotated[int, typer.Option(min=1, help="Rows a step.")] = 4,
    length: Annotated[int, typer.Option(min=8, help="Tokens a row.")] = 1024,
    as_json: bool = JSON,
) -> None:
    """Tokens, steps, hours and memory on an M1 Max, an A100 and this machine; nothing is trained."""
    from killah import config
    from killah.training import plan as planning

    found = planning.plan(stage, model or config.load().model, rank, batch_size, length)
    if as_json:
        print_json(planning.facts(found))
        return
    each = planning.TOKENS_PER_PARAMETER
    typer.echo(
        f"{found.stage} on {found.model}: {found.trained:,} trained parameters x {each} = "
        f"{found.tokens:,} tokens, {found.steps:,} steps of {batch_size} x {length}.\n"
    )
    columns = ["device", "TFLOP/s", "hours", "hours, checkpointed", "GB", "GB, checkpointed"]
    table(columns, [list(row.values()) for row in planning.rows(found)])
    typer.echo("\nAssumptions")
    for line in found.assumptions:
        typer.echo(f"- {line}")


def _train(
    stage: str,
    file: Path,
    overrides: list[str] | None,
    processes: int,
    hostfile: Path | None,
    as_json: bool,
) -> None:
    from killah.training import config, launch, runs

    if hostfile and processes > 1:
        raise KillahError("Give --processes or --hostfile, not both.")
    given = overrides or []
    settings = config.read(file, given)
    try:
        with progress(settings.iters) as (report, warn):
            if hostfile or processes > 1:
                figures = launch.run(
                    stage, file, given, report, processes=processes, hostfile=hostfile, warn=warn
                )
            else:
                figures = runs.run(stage, file, given, report, warn=warn)
    except KeyboardInterrupt:
        typer.echo("Stopped; what was learned is kept. To go on, run the same command.", err=True)
        raise typer.Exit(130) from None
    if as_json:
        print_json({"stage": stage, "name": settings.name} | figures)
    else:
        _summary(settings.name if settings.install else figures["adapter"], figures)


def _summary(adapter: str, figures: dict[str, Any]) -> None:
    facts = [
        ("best", f"{figures['valid']:.4f} nats a token in validation, at step {figures['step']}"),
        ("learned", f"{figures['tokens']:,} tokens"),
        ("package", figures["adapter"]),
        ("log", figures["log"]),
        ("curve", figures["curve"]),
    ]
    for key, value in facts:
        typer.echo(f"{key:<12} {value}")
    typer.echo(f"\nTo look at it: killah adapters show {adapter}")


@contextmanager
def progress(steps: int) -> "Iterator[tuple[Callable[[Entry], None], Callable[[str], None]]]":
    """A bar on stderr; where that is no terminal, a line for each look at the validation rows."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("step"),
        MofNCompleteColumn(),
        BarColumn(bar_width=20),
        TimeRemainingColumn(),
        TextColumn("{task.fields[said]}"),
    )
    console = Console(stderr=True, highlight=False)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = _Task(bar, steps)

        def report(entry: "Entry") -> None:
            task.show(entry)
            if "valid" in entry and not console.is_terminal:
                console.print(f"step {entry['step']}/{steps}  {task.said}", markup=False, soft_wrap=True)

        yield report, lambda text: console.print(text, markup=False, soft_wrap=True)


class _Task:
    """The one task of a bar; a run that goes on begins where it was left."""

    def __init__(self, bar: "Progress", steps: int) -> None:
        self._bar, self._last = bar, 0
        self._id = bar.add_task("", total=steps, said="")
        self._valid = ""
        self.said = ""

    def show(self, entry: "Entry") -> None:
        if entry["step"] != self._last + 1:  # taken up, also after a process died
            self._bar.reset(self._id, completed=entry["step"] - 1)
        self._last = entry["step"]
        if "valid" in entry:
            self._valid = f"  validation {entry['valid']:.3f}"
        self.said = (
            f"loss {entry['loss']:.3f}{self._valid}  {entry['tokens_per_second']:,.0f} tokens/s"
            f"  {entry['peak_memory'] / 1e9:.2f} GB"
        )
        self._bar.update(self._id, completed=entry["step"], said=self.said)
