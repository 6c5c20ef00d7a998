"""`killah persona list|show|use|delete`, and in files of their own the other verbs."""

from typing import TYPE_CHECKING

import typer

from killah.cli import persona_check, persona_store, persona_train
from killah.cli.output import JSON, print_json, table

if TYPE_CHECKING:
    from killah.persona.profile import Profile

app = typer.Typer(
    help="Personas: what Killah knows of a writer. Example: killah persona show", no_args_is_help=True
)

NAME = typer.Argument(None, help="A persona; the one in the settings otherwise.")


@app.command("list", epilog="Example: killah persona list --json")
def list_(as_json: bool = JSON) -> None:
    """Every persona: documents, words, passages, size, bases it is trained for, and which one is in use."""
    from killah.adapters import personal
    from killah.config import load
    from killah.persona.personas import summaries

    used = load().persona
    trained = personal.trained()
    found = [
        {"name": each.name, "used": each.name == used, "trained": trained.get(each.name, [])} | each.counts
        for each in summaries()
    ]
    if as_json:
        print_json(found)
    elif not found:
        typer.echo("There is no persona yet. Make one: killah index ~/Documents")
    else:
        columns = ["documents", "words", "passages", "MB", "state"]
        rows = [
            [
                "*" if row["used"] else "",
                row["name"],
                ", ".join(row["trained"]),
                *(row.get(c, "") for c in columns[:-1]),
                row.get("problem") or ("paused" if row.get("paused") else ""),
            ]
            for row in found
        ]
        table(["", "persona", "trained for", *columns], rows)


@app.command(epilog="Example: killah persona show saki --json")
def show(name: str | None = NAME, as_json: bool = JSON) -> None:
    """How this writer writes: rhythm, punctuation, vocabulary, characteristic words and phrases."""
    from dataclasses import asdict

    from killah.config import load
    from killah.persona.personas import existing
    from killah.persona.profile import profile

    name = name or load().persona
    measured = profile(existing(name))
    if as_json:
        print_json({"name": name} | asdict(measured))
    else:
        _print(name, measured)


@app.command(epilog="Example: killah persona use saki")
def use(name: str, as_json: bool = JSON) -> None:
    """Make a persona, or a blend, the one that suggestions and continuations follow."""
    from killah.config import set_value
    from killah.persona import blends

    blends.check(name)
    set_value("persona", name)
    if as_json:
        print_json({"persona": name})
    else:
        typer.echo(f"persona = {name}")


@app.command(epilog="Example: killah persona delete saki --yes")
def delete(
    name: str,
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask."),
    as_json: bool = JSON,
) -> None:
    """Delete a persona: text and vectors stored of its documents, its adapters. The documents stay."""
    from killah.adapters import personal
    from killah.persona import personas, suggestions

    personas.existing(name)
    if not yes and not typer.confirm(f"Delete the persona {name!r} and all it knows?"):
        raise typer.Exit(1)
    personas.delete(name)
    personal.forget(name)
    suggestions.clear(name)
    if as_json:
        print_json({"deleted": name})
    else:
        typer.echo(f"Deleted {name}.")


persona_check.register(app)
persona_store.register(app)
persona_train.register(app)


def _print(name: str, profile: "Profile") -> None:
    formats = ", ".join(f"{count:,} .{format}" for format, count in profile.formats.items())
    rows = [
        ["documents", f"{profile.documents:,} ({formats})"],
        ["words", f"{profile.words:,} in {profile.passages:,} passages"],
        ["sentence", f"{profile.sentence_words} words (± {profile.sentence_words_deviation})"],
        ["word", f"{profile.word_letters} letters"],
        ["in quotation marks", f"{profile.dialogue_share:.0%} of the words"],
        ["vocabulary (MATTR)", f"{profile.vocabulary_mattr:.3f}"],
    ]
    rows += [[mark, f"{rate} per 1,000 words"] for mark, rate in profile.marks_per_1000_words.items()]
    rows += [["words", ", ".join(profile.characteristic_words)]] if profile.characteristic_words else []
    rows += [["phrases", ", ".join(profile.characteristic_phrases)]] if profile.characteristic_phrases else []
    rows += [["for example", sentence] for sentence in profile.example_sentences]
    table([name, ""], rows)
