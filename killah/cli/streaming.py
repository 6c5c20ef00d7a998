"""What the commands that write have in common: their options, an engine for them, and text as it comes."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from killah.cli.output import print_json, read_text
from killah.errors import KillahError

if TYPE_CHECKING:
    from killah.engine import Engine, Sampling

Text = Annotated[str | None, typer.Argument(help="Text, a file, or - for stdin.", show_default=False)]
Persona = Annotated[
    str | None,
    typer.Option(help="Persona to write as, or a blend, saki=0.7,wells=0.3; 'none' for nobody."),
]
As = Annotated[
    list[str] | None,
    typer.Option("--as", help="Kind of text: story, essay, letter, formal, plain, ... Repeatable."),
]
Model = Annotated[str | None, typer.Option(help="Base model, by name or folder.")]
MinP = Annotated[float | None, typer.Option(min=0, max=1, help="Share of the likeliest token to keep.")]
Temperature = Annotated[float | None, typer.Option(min=0, max=5, help="0 is greedy.")]
MaxTokens = Annotated[int | None, typer.Option(min=1, max=4096, help="Longest text, in tokens.")]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same text.")]
Candidates = Annotated[int, typer.Option(min=1, max=20, help="How many texts, each another.")]

Show = Callable[[Iterable[str]], str]


def given(argument: str | None) -> str:
    """The text to work on, without its last line break. Raises `KillahError` where there are no words."""
    text = read_text(argument).removesuffix("\n")
    if not text.strip():
        raise KillahError("The text is empty.", "Give at least one word.")
    return text


@contextmanager
def engine_for(model: str | None, persona: str | None, **changes: object) -> Iterator["Engine"]:
    """An engine, loaded, with the settings but for what a command was given, and with its persona."""
    from killah.config import load
    from killah.engine import Engine
    from killah.persona import blends

    changes |= {"model": model, "persona": persona}
    settings = load().model_copy(update={k: v for k, v in changes.items() if v is not None})
    if persona not in (None, "none"):
        _check(settings.persona)
    with Engine(settings) as engine:
        engine.use_persona(settings.persona if blends.usable(settings.persona) else None)
        engine.info()
        yield engine


def _check(persona: str) -> None:
    """Raise `KillahError` unless every persona of a blend is there to be used."""
    from killah.persona import blends, personas
    from killah.persona.indexing import refuse_paused
    from killah.persona.store import Store

    for name in blends.parse(persona):
        with Store.open(personas.existing(name)) as store:
            refuse_paused(store)


def stream_text(pieces: Iterable[str]) -> str:
    """Print pieces as they come, then a line's end; returns the whole text."""
    text = ""
    for piece in pieces:
        text += piece
        sys.stdout.write(piece)
        sys.stdout.flush()
    print()
    return text


def sampling_of(
    min_p: float | None, temperature: float | None, seed: int | None, **filters: float
) -> "Sampling":
    """What a command was given, and the settings for what it was not; min-p is left to the engine."""
    from killah.config import load
    from killah.engine import Sampling

    settings = load()
    return Sampling(
        min_p,
        settings.temperature if temperature is None else temperature,
        seed=seed,
        adaptive=settings.adaptive_min_p,
        **filters,  # type: ignore[arg-type]
    )


def stream_texts(
    job: "Callable[[Sampling], Iterable[str]]",
    sampling: "Sampling",
    count: int,
    *,
    as_json: bool,
    show: Show = stream_text,
) -> None:
    """Print `count` texts, numbered where there are several, or one JSON object.

    Each is drawn with a seed of its own, counted from that of `sampling`.
    """
    texts = []
    for number in range(count):
        if count > 1 and not as_json:
            print(f"{chr(10) if number else ''}[{number + 1}]")
        seed = None if sampling.seed is None else sampling.seed + number
        pieces = job(replace(sampling, seed=seed))
        texts.append("".join(pieces) if as_json else show(pieces))
    if as_json:
        print_json({"text": texts[0]} if count == 1 else {"candidates": texts})
