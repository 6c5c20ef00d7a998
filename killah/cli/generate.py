"""`killah complete` and `killah continue`: Unix filters over the engine."""

import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from killah.cli.output import JSON, print_json, read_text
from killah.errors import KillahError

if TYPE_CHECKING:
    from killah.engine import Engine

Text = Annotated[str | None, typer.Argument(help="Text, a file, or - for stdin.", show_default=False)]
Persona = Annotated[
    str | None, typer.Option(help="Persona whose writing conditions the text; 'none' for nobody's.")
]
Model = Annotated[str | None, typer.Option(help="Base model, by name or folder.")]


def register(app: typer.Typer) -> None:
    """Add both commands to the root."""
    app.command("complete", epilog='Example: killah complete "It was the best of"')(complete)
    app.command("continue", epilog="Example: killah continue draft.md --min-p 0.08 --seed 7")(continue_)


def complete(
    text: Text = None,
    precision: Annotated[
        float | None, typer.Option(help="Least probability that the next word is right; 0 always suggests.")
    ] = None,
    words: Annotated[int | None, typer.Option(help="Longest suggestion, in words.")] = None,
    persona: Persona = None,
    model: Model = None,
    as_json: bool = JSON,
) -> None:
    """Print the ghost text for the end of a text: what the editor would suggest. Nothing if unsure."""
    given = read_text(text).removesuffix("\n")
    changes = {"ghost_precision": precision, "ghost_words": words, "model": model, "persona": persona}
    with _engine(changes) as engine:
        engine.info()
        if engine.persona:
            engine.passages(given)  # wait for them: a single completion has no later keystroke
        start = time.perf_counter()
        ghosts = engine.ghost(given, len(given)).result()
        milliseconds = 1000 * (time.perf_counter() - start)
    last = ghosts[-1] if ghosts else None
    if as_json:
        found = (
            {"text": last.text, "probability": last.probability}
            if last
            else {"text": "", "probability": None}
        )
        print_json(found | {"milliseconds": round(milliseconds, 1)})
    elif last:
        print(last.text)


def continue_(
    text: Text = None,
    persona: Persona = None,
    min_p: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of the likeliest token to keep.")
    ] = None,
    temperature: Annotated[float | None, typer.Option(min=0, max=5, help="0 is greedy.")] = None,
    top_k: Annotated[int, typer.Option(min=0, help="Keep the k likeliest tokens; 0 for all.")] = 0,
    top_p: Annotated[float, typer.Option(min=0, max=1, help="Nucleus; 0 for off.")] = 0.0,
    xtc: Annotated[
        float, typer.Option(min=0, max=1, help="Probability of leaving out the top choices.")
    ] = 0.0,
    repetition_penalty: Annotated[float, typer.Option(min=1, max=2, help="1 for off.")] = 1.0,
    max_tokens: Annotated[int | None, typer.Option(min=1, max=4096, help="Longest continuation.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same text.")] = None,
    candidates: Annotated[int, typer.Option(min=1, max=20, help="How many continuations.")] = 1,
    model: Model = None,
    as_json: bool = JSON,
) -> None:
    """Go on writing from the end of a text; streams to stdout."""
    from killah.config import load

    given = read_text(text).removesuffix("\n")
    if not given.strip():
        raise KillahError("The text is empty.", "Give at least one word to go on from.")
    settings = load()
    with _engine({"model": model, "persona": persona}) as engine:
        from killah.engine import Sampling

        sampling = Sampling(
            settings.min_p if min_p is None else min_p,
            settings.temperature if temperature is None else temperature,
            top_k=top_k,
            top_p=top_p,
            xtc_probability=xtc,
            repetition_penalty=repetition_penalty,
        )
        engine.info()
        texts = []
        for number in range(candidates):
            if candidates > 1 and not as_json:
                print(f"{chr(10) if number else ''}[{number + 1}]")
            chosen = replace(sampling, seed=None if seed is None else seed + number)
            texts.append(_write(engine.continuation(given, chosen, max_tokens=max_tokens), show=not as_json))
    if as_json:
        print_json({"text": texts[0]} if candidates == 1 else {"candidates": texts})


def _write(pieces: Iterable[str], *, show: bool) -> str:
    """Print pieces as they come, then a line's end; the whole text."""
    text = ""
    for piece in pieces:
        text += piece
        if show:
            sys.stdout.write(piece)
            sys.stdout.flush()
    if show:
        print()
    return text


def _engine(changes: dict[str, object]) -> "Engine":
    """An engine with this command's settings and persona."""
    from killah.config import load
    from killah.engine import Engine
    from killah.persona import personas

    settings = load().model_copy(update={k: v for k, v in changes.items() if v is not None})
    if changes["persona"] not in (None, "none"):
        personas.existing(settings.persona)
    engine = Engine(settings)
    engine.use_persona(settings.persona if settings.persona in personas.names() else None)
    return engine
