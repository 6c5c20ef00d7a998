"""`killah rephrase`, `killah summarise` and `killah story`: Unix filters over the engine."""

from collections.abc import Iterable
from functools import partial
from typing import Annotated

import typer

from killah.cli.output import JSON
from killah.cli.streaming import (
    As,
    Candidates,
    MaxTokens,
    MinP,
    Model,
    Persona,
    Seed,
    Temperature,
    Text,
    engine_for,
    given,
    sampling_of,
    stream_text,
    stream_texts,
)

COLOURS = {"same": "", "old": "red strike", "new": "green"}
MARKS = {"same": "{}", "old": "[-{}-]", "new": "{{+{}+}}"}
FAITHFUL = 0.5  # temperature where the text is to say what the old one says


def register(app: typer.Typer) -> None:
    """Add the three commands to the root."""
    app.command("rephrase", epilog="Example: killah rephrase letter.txt --style formal --diff")(rephrase)
    app.command("summarise", epilog="Example: killah summarise chapter.md --title")(summarise)
    app.command("story", epilog='Example: killah story "A lighthouse keeper finds a door." --seed 3')(story)


def rephrase(
    text: Text = None,
    style: Annotated[
        str | None, typer.Option(help="Manner to write in; the model's first one, if none is named.")
    ] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Show what changed, word by word.")] = False,
    persona: Persona = None,
    as_: As = None,
    min_p: MinP = None,
    temperature: Temperature = FAITHFUL,
    max_tokens: MaxTokens = None,
    seed: Seed = None,
    candidates: Candidates = 1,
    model: Model = None,
    as_json: bool = JSON,
) -> None:
    """Say a text in other words; streams to stdout."""
    old = given(text)
    with engine_for(model, persona) as engine:
        chosen = style or next(iter(engine.styles("rephrase")), "")
        stream_texts(
            lambda s: engine.rewrite(
                "rephrase", old, style=chosen, sampling=s, max_tokens=max_tokens, codes=as_ or ()
            ),
            sampling_of(min_p, temperature, seed),
            candidates,
            as_json=as_json,
            show=partial(_show_difference, old) if diff else stream_text,
        )


def summarise(
    text: Text = None,
    title: Annotated[bool, typer.Option("--title", help="A title instead of a summary.")] = False,
    persona: Persona = None,
    as_: As = None,
    min_p: MinP = None,
    temperature: Temperature = FAITHFUL,
    max_tokens: MaxTokens = None,
    seed: Seed = None,
    candidates: Candidates = 1,
    model: Model = None,
    as_json: bool = JSON,
) -> None:
    """Say a text in short; streams to stdout."""
    old, style = given(text), "title" if title else ""
    with engine_for(model, persona) as engine:
        stream_texts(
            lambda s: engine.rewrite(
                "summarise", old, style=style, sampling=s, max_tokens=max_tokens, codes=as_ or ()
            ),
            sampling_of(min_p, temperature, seed),
            candidates,
            as_json=as_json,
        )


def story(
    premise: Annotated[
        str | None, typer.Argument(help="What it is about: text, a file, or - for stdin.", show_default=False)
    ] = None,
    persona: Persona = None,
    as_: As = None,
    min_p: MinP = None,
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    seed: Seed = None,
    candidates: Candidates = 1,
    model: Model = None,
    as_json: bool = JSON,
) -> None:
    """Tell a story from a premise; streams to stdout."""
    about = given(premise)
    with engine_for(model, persona) as engine:
        stream_texts(
            lambda s: engine.rewrite("story", about, sampling=s, max_tokens=max_tokens, codes=as_ or ()),
            sampling_of(min_p, temperature, seed),
            candidates,
            as_json=as_json,
        )


def _show_difference(old: str, pieces: Iterable[str]) -> str:
    """Print what changed when all of it is there: in colours on a terminal, in git's marks elsewhere."""
    from rich.console import Console
    from rich.text import Text as Coloured

    from killah.app.difference import difference, readable

    new = "".join(pieces)
    spans = difference(old, new)
    console = Console(highlight=False)
    if console.color_system is None or console.no_color:
        print("".join(MARKS[span.kind].format(span.text) for span in spans))
    else:
        line = Coloured.assemble(*((span.text, COLOURS[span.kind]) for span in readable(spans)))
        console.print(line, soft_wrap=True)
    return new
