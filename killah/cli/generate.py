"""`killah complete` and `killah continue`: Unix filters over the engine."""

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from killah.engine import Engine, Ghost


def register(app: typer.Typer) -> None:
    """Add both commands to the root."""
    app.command("complete", epilog='Example: killah complete "On the other ha"')(complete)
    app.command("continue", epilog="Example: killah continue draft.md --as story --seed 7")(continue_)


def complete(
    text: Text = None,
    precision: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Least probability that the next word is right; 0 always suggests."),
    ] = None,
    words: Annotated[int | None, typer.Option(min=1, max=40, help="Longest suggestion, in words.")] = None,
    choices: Annotated[
        int, typer.Option(min=0, max=20, help="As many that begin with different words, sure or not.")
    ] = 0,
    persona: Persona = None,
    as_: As = None,
    model: Model = None,
    as_json: bool = JSON,
) -> None:
    """Print the ghost text for the end of a text.

    It is what the editor would suggest: nothing if unsure.
    """
    before = read_text(text).removesuffix("\n")
    with engine_for(model, persona, ghost_precision=precision, ghost_words=words) as engine:
        if engine.persona:
            engine.passages(before)  # wait for them: a single completion has no later keystroke
        start = time.perf_counter()
        found = (
            _choices(engine, before, as_ or (), choices) if choices else _surest(engine, before, as_ or ())
        )
        milliseconds = 1000 * (time.perf_counter() - start)
    if as_json:
        told = [{"text": each.text, "probability": each.probability} for each in found]
        best = told[0] if told else {"text": "", "probability": None}
        more = {"choices": told} if choices else {}
        print_json(best | more | {"milliseconds": round(milliseconds, 1)})
        return
    for each in found:
        print(each.text)
    if not found and sys.stdout.isatty():  # in a pipe silence is the answer
        print("killah: Nothing is sure enough. With --choices 5 it suggests all the same.", file=sys.stderr)


def _surest(engine: "Engine", before: str, codes: Sequence[str]) -> "list[Ghost]":
    """The ghost text as it stands in the end, if there is any."""
    return engine.ghost(before, len(before), codes).result()[-1:]


def _choices(engine: "Engine", before: str, codes: Sequence[str], count: int) -> "list[Ghost]":
    """Up to `count` suggestions, the likeliest beginning first."""
    found: list[Ghost] = []
    for _ in range(count):
        beside = [each.text for each in found]
        found += engine.ghost(before, len(before), codes, beside=beside).result()[-1:]
    return found


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
