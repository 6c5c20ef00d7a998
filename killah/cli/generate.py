"""`killah complete` and `killah continue`: Unix filters over the engine."""

import time
from typing import Annotated

import typer

from killah.cli.output import JSON, print_json, read_text
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
    stream_texts,
)


def register(app: typer.Typer) -> None:
    """Add both commands to the root."""
    app.command("complete", epilog='Example: killah complete "It was the best of"')(complete)
    app.command("continue", epilog="Example: killah continue draft.md --as story --seed 7")(continue_)


def complete(
    text: Text = None,
    precision: Annotated[
        float | None, typer.Option(help="Least probability that the next word is right; 0 always suggests.")
    ] = None,
    words: Annotated[int | None, typer.Option(help="Longest suggestion, in words.")] = None,
    persona: Persona = None,
    as_: As = None,
    model: Model = None,
    as_json: bool = JSON,
) -> None:
    """Print the ghost text for the end of a text: what the editor would suggest. Nothing if unsure."""
    before = read_text(text).removesuffix("\n")
    with engine_for(model, persona, ghost_precision=precision, ghost_words=words) as engine:
        if engine.persona:
            engine.passages(before)  # wait for them: a single completion has no later keystroke
        start = time.perf_counter()
        ghosts = engine.ghost(before, len(before), codes=as_ or ()).result()
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
    as_: As = None,
    min_p: MinP = None,
    temperature: Temperature = None,
    top_k: Annotated[int, typer.Option(min=0, help="Keep the k likeliest tokens; 0 for all.")] = 0,
    top_p: Annotated[float, typer.Option(min=0, max=1, help="Nucleus; 0 for off.")] = 0.0,
    xtc: Annotated[
        float, typer.Option(min=0, max=1, help="Probability of leaving out the top choices.")
    ] = 0.0,
    repetition_penalty: Annotated[float, typer.Option(min=1, max=2, help="1 for off.")] = 1.0,
    max_tokens: MaxTokens = None,
    seed: Seed = None,
    candidates: Candidates = 1,
    model: Model = None,
    as_json: bool = JSON,
) -> None:
    """Go on writing from the end of a text; streams to stdout."""
    before = given(text)
    sampling = sampling_of(
        min_p,
        temperature,
        seed,
        top_k=top_k,
        top_p=top_p,
        xtc_probability=xtc,
        repetition_penalty=repetition_penalty,
    )
    with engine_for(model, persona) as engine:
        stream_texts(
            lambda chosen: engine.continuation(before, chosen, max_tokens=max_tokens, codes=as_ or ()),
            sampling,
            candidates,
            as_json=as_json,
        )
