"""`killah demo`: the whole path on sample writings that come with Killah."""

import time
from collections.abc import Callable

import typer

from killah.cli.output import JSON, print_json

PERSONA = "chesterton"
UNFINISHED = "The old priest looked up at the sky, and for some time he did not say a wor"
PARAGRAPH = (
    "The detective had walked the length of the grey street twice before he noticed the little shop. It was "
    "an ordinary shop, and that was the extraordinary thing about it. He stopped before the window, and"
)


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command("demo", epilog="Example: KILLAH_HOME=$(mktemp -d) killah demo")(demo)


def demo(as_json: bool = JSON) -> None:
    """Index sample writings, show the persona, complete and continue text, with timings.

    Fifteen pieces by G. K. Chesterton (five formats) become the persona 'chesterton'; your own personas and
    settings are not touched.
    """
    from killah import config, paths
    from killah.cli import index
    from killah.cli.persona import show
    from killah.persona.embedding import Embedder
    from killah.persona.indexing import index as run

    settings = config.load().model_copy(update={"model": "pushkin-nano"})
    samples = paths.shipped("samples")
    if as_json:
        run([samples], PERSONA, Embedder(settings.embedder), exclude=["README.md"])
    else:
        typer.secho(f"\n$ killah index {samples} --persona {PERSONA}", bold=True)
        index.index(
            [str(samples)], persona=PERSONA, exclude=["README.md"], yes=True, watch=False, as_json=False
        )
        typer.secho(f"\n$ killah persona show {PERSONA}", bold=True)
        show.show(PERSONA, None, as_json=False)
    figures = _write(settings.model_copy(update={"persona": PERSONA}))
    if as_json:
        print_json(figures)
    else:
        _print(figures)


def _write(settings: object) -> dict[str, object]:
    """Ghost text and two continuations, each with its milliseconds."""
    from killah.config import Settings
    from killah.engine import Engine, Sampling

    assert isinstance(settings, Settings)
    sampling = Sampling(0.1 if settings.min_p is None else settings.min_p, settings.temperature, seed=1)
    with Engine(settings) as engine:
        info, loading = _timed(engine.info)
        engine.ghost("Warm", 4).result()
        engine.use_persona(PERSONA)
        passages, lookup = _timed(lambda: engine.passages(PARAGRAPH))
        ghosts, ghost = _timed(lambda: engine.ghost(UNFINISHED, len(UNFINISHED)).result())
        texts = {
            name: _timed(
                lambda p=chosen: "".join(engine.continuation(PARAGRAPH, sampling, max_tokens=90, passages=p))
            )
            for name, chosen in (("without", ()), ("with", passages))
        }
    return {
        "model": info.name,
        "model_load_ms": loading,
        "unfinished": UNFINISHED,
        "ghost": ghosts[-1].text if ghosts else "",
        "ghost_probability": ghosts[0].probability if ghosts else None,
        "ghost_ms": ghost,
        "paragraph": PARAGRAPH,
        "passages": passages,
        "passages_first_lookup_ms": lookup,
        "without_persona": texts["without"][0],
        "without_persona_ms": texts["without"][1],
        "with_persona": texts["with"][0],
        "with_persona_ms": texts["with"][1],
    }


def _timed(work: Callable[[], object]) -> tuple:
    start = time.perf_counter()
    result = work()
    return result, round(1000 * (time.perf_counter() - start), 1)


def _print(figures: dict) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    typer.secho(f"\n$ killah complete --persona {PERSONA} '{figures['unfinished']}'", bold=True)
    console = Console(highlight=False)
    typed, ghost = figures["unfinished"], figures["ghost"]
    console.print(Text(typed) + Text(ghost or " (nothing: not sure enough)", style="bold green"))
    sure = f", {figures['ghost_probability']:.0%} sure of its first word" if ghost else ""
    console.print(f"{figures['ghost_ms']} ms{sure}", style="dim")

    typer.secho(f"\n$ killah continue --seed 1 [--persona {PERSONA}]", bold=True)
    console.print(Text(figures["paragraph"]), style="dim")
    table = Table(expand=True, box=None, padding=(1, 2, 0, 0))
    table.add_column(f"with nobody's writing ({figures['without_persona_ms']:.0f} ms)", ratio=1)
    table.add_column(
        f"with {len(figures['passages'])} passages of {PERSONA} ({figures['with_persona_ms']:.0f} ms)",
        ratio=1,
    )
    table.add_row(Text(figures["without_persona"].strip()), Text(figures["with_persona"].strip()))
    console.print(table)
    loaded = f"{figures['model']} loaded in {figures['model_load_ms']:.0f} ms."
    console.print(f"\n{loaded} It is small: the README says what it can and cannot do.", style="dim")
