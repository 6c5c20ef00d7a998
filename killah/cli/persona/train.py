"""`killah persona train|blend|forget-suggestions`: personas to plug in, alone or together."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from killah.cli.output import JSON, print_json, table
from killah.cli.train import progress
from killah.errors import KillahError

if TYPE_CHECKING:
    from killah.metrics.intervals import Estimate
    from killah.training.own_persona import Outcome
    from killah.training.writing import Writing

EXAMPLES = """Examples: killah persona train saki stories/ letters.docx;
killah persona train saki --from conversations.jsonl --minutes 5;
killah persona train saki (what was indexed);
killah persona train saki --journal (what you made of suggestions)"""

ENDED = {
    "": "all steps",
    "no better": "validation got no better",
    "time": "the time was up",
    "interrupted": "interrupted",
}


def register(app: typer.Typer) -> None:
    """Add the commands of this file to `killah persona`."""
    app.command("train", epilog=EXAMPLES)(train)
    app.command("blend", epilog="Example: killah persona blend saki=0.7 wells=0.3 --name both")(blend)
    app.command("forget-suggestions", epilog="Example: killah persona forget-suggestions --yes")(
        forget_suggestions
    )


def train(
    name: Annotated[str, typer.Argument(help="The persona; it need not be indexed.")],
    texts: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE|FOLDER]...", help="Documents; without any, what is indexed."),
    ] = None,
    conversations: Annotated[
        list[Path] | None, typer.Option("--from", help="JSON lines of conversations; may be repeated.")
    ] = None,
    journal: Annotated[
        bool, typer.Option("--journal", help="Go on from it with the journal of suggestions.")
    ] = False,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps; by the amount of text otherwise.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0.1, help="Train no longer than this.")] = None,
    model: Annotated[str | None, typer.Option(help="Base model, by name or folder.")] = None,
    as_json: bool = JSON,
) -> None:
    """Train an adapter that writes like a persona, on this machine, and install it as persona-NAME.

    Rows of a .jsonl file are {"instruction", "input", "output"}, {"prompt", "completion"}, {"messages"} or
    {"text"}; what answers is learned. A tenth of the documents or conversations is held out: at the end it
    is told how much better the adapter predicts that tenth, and whether what it writes would pass for the
    writer's. Ctrl-C keeps the best so far; the same command goes on. Exit code 1 where it learned nothing
    that helps.
    """
    from killah.config import load
    from killah.training import own_persona

    given = [*(texts or []), *(conversations or [])]
    if journal and given:
        raise KillahError("--journal takes no texts.", "Train on the texts first, then with --journal.")
    writing = _writing(name, given, journal)
    try:
        outcome = own_persona.train(
            name,
            writing,
            model or load().model,
            steps=steps,
            minutes=minutes,
            going_on=journal,
            follow=progress,
        )
    except KeyboardInterrupt:
        typer.echo("Stopped; the same command goes on.", err=True)
        raise typer.Exit(130) from None
    if as_json:
        from dataclasses import asdict

        print_json(asdict(outcome))
    else:
        _print(name, outcome)
    if outcome.ended == "interrupted":
        typer.echo("Interrupted; the best so far is kept, and the same command goes on.", err=True)
        raise typer.Exit(130)
    if not outcome.adapter:
        raise typer.Exit(1)


def blend(
    parts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=WEIGHT]...", help="Personas; without any, the blends there are."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Keep it under this name.")] = None,
    drop: Annotated[str | None, typer.Option("--drop", help="Forget the blend of this name.")] = None,
    as_json: bool = JSON,
) -> None:
    """Mix personas, and keep the mixture under a name that stands for it wherever a persona is named.

    Without --name it only says what to write for it: --persona saki=0.7,wells=0.3
    """
    from killah.persona import blends

    if drop and not blends.drop(drop):
        raise KillahError(f"There is no blend {drop!r}.", f"Kept: {', '.join(blends.kept()) or 'none'}.")
    if parts:
        weights = blends.parse(",".join(parts))
        blends.check(blends.write(weights))
        if name:
            blends.keep(name, weights)
        found = {name or blends.write(weights): weights}
    elif name:
        raise KillahError("A blend needs personas.", "Example: killah persona blend saki=0.7 wells=0.3")
    else:
        found = blends.kept()
    if as_json:
        print_json(found)
    elif not found:
        typer.echo("There is no blend. Make one: killah persona blend saki=0.7 wells=0.3 --name both")
    for each, weights in {} if as_json else found.items():
        mixed = ", ".join(f"{share:.0%} {persona}" for persona, share in weights.items())
        typer.echo(f"{each}: {mixed}")
        if parts:
            typer.echo(f"To use it: killah continue draft.md --persona {each}")


def forget_suggestions(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: bool = JSON,
) -> None:
    """Delete the journal of suggestions: what ghost text was shown, taken and refused, and where.

    To keep none in future: killah config set journal_suggestions off
    """
    from killah.persona import suggestions

    count = sum(1 for _ in suggestions.read())
    if count and not yes and not typer.confirm(f"Delete the journal of {count:,} suggestions?", err=True):
        raise typer.Exit(1)
    suggestions.clear()
    if as_json:
        print_json({"deleted": count})
    else:
        typer.echo(f"Deleted {count:,} suggestions.")


def _writing(name: str, given: list[Path], journal: bool) -> "Writing":
    from killah.training import writing

    if journal:
        return writing.of_suggestions(name)
    return writing.of_paths(given) if given else writing.of_index(name)


def _print(name: str, outcome: "Outcome") -> None:
    words = outcome.words
    for each in outcome.skipped:
        typer.echo(f"killah: not read: {each}", err=True)
    rows: list[list[Any]] = [
        ["text", f"{words['train']:,} words learned from, {words['valid']:,} to stop by, "
                 f"{words['test']:,} held out"],
        ["steps", f"{outcome.steps:,}, best after {outcome.best_step:,} ({ENDED[outcome.ended]})"],
    ]  # fmt: skip
    if found := outcome.perplexity:
        before = f", {_plain(found.before)} before" if found.before else ""
        rows += [
            ["perplexity", f"{_plain(found.adapter)}; {_plain(found.base)} without it{before}"],
            ["", f"{found.change.value:+.1f} % ({found.change.low:+.1f} to {found.change.high:+.1f}), "
                 f"{found.tokens:,} tokens"],
        ]  # fmt: skip
    if style := outcome.adherence:
        rows += [
            ["adherence", f"{_share(style.adapter)} of what it writes would pass for {name}'s"],
            ["", f"{_share(style.base)} of what the base writes"],
            ["", f"{_share(style.own)} of {name}'s own held-out text"],
        ]
    table([f"persona-{name}", ""], rows)
    if outcome.adapter:
        typer.echo(f"\nInstalled for {outcome.base}. To use it: killah continue draft.md --persona {name}")
    else:
        typer.echo(
            "\nNot installed: it predicts unseen text no better than what it began with. Give it more text."
        )


def _plain(estimate: "Estimate") -> str:
    return f"{estimate.value:.1f} ({estimate.low:.1f} to {estimate.high:.1f})"


def _share(estimate: "Estimate") -> str:
    return f"{estimate.value:.0%} ({estimate.low:.0%} to {estimate.high:.0%})"
