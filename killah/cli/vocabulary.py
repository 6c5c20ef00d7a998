"""`killah vocabulary list|add|remove`: words that dictation expects."""

import typer

from killah.cli.output import JSON, print_json, table

app = typer.Typer(
    help="Words dictation expects: yours, and names of your documents. Example: killah vocabulary add Qokka",
    no_args_is_help=True,
)

PERSONA = typer.Option(None, help="A persona; the one in the settings otherwise.")
MOST = typer.Option(100, "--most", "-n", min=1, help="Mined words shown at most.")
HEARD = typer.Option("", "--heard", help="How it sounds, in plain letters, where the spelling does not say.")


@app.command("list", epilog="Example: killah vocabulary list --json")
def list_(persona: str | None = PERSONA, most: int = MOST, as_json: bool = JSON) -> None:
    """Your own words, and what was found in the documents of a persona."""
    from dataclasses import asdict

    from killah.config import load
    from killah.engine.hearing.expected import terms
    from killah.persona import blends

    if persona:
        blends.check(persona)
    found = terms(persona or load().persona, most=most)
    if as_json:
        print_json([asdict(term) for term in found])
    elif not found:
        typer.echo("There are no words yet. Add one: killah vocabulary add Qokka")
    else:
        rows = [[term.text, term.heard, term.kind, term.count, "*" if term.hot else ""] for term in found]
        table(["word", "heard as", "from", "met", "hot"], rows)


@app.command(epilog="Example: killah vocabulary add 'R2-D2' --heard 'are two dee two'")
def add(words: list[str], heard: str = HEARD, as_json: bool = JSON) -> None:
    """Expect words or phrases in dictation, and spell them like this."""
    from killah.audio.dictation.vocabulary import keep, own_words
    from killah.errors import KillahError

    if heard and len(words) > 1:
        raise KillahError("--heard is for one word.", "Put a phrase in quotes.")
    own = own_words()
    for word in words:
        own = own.add(word, heard)
    keep(own)
    _tell("added", words, as_json)


@app.command(epilog="Example: killah vocabulary remove Banks")
def remove(words: list[str], as_json: bool = JSON) -> None:
    """No longer expect words, whether you added them or they were found in your documents."""
    from killah.audio.dictation.vocabulary import keep, own_words
    from killah.config import load
    from killah.engine.hearing.expected import terms

    own = own_words()
    written = {term.text.casefold(): term.text for term in terms(load().persona)}  # yours are among them
    removed = [written.get(" ".join(word.casefold().split()), word) for word in words]
    for word in removed:
        own = own.remove(word)
        if word.casefold() not in written:
            typer.echo(f"killah: {word} was not there. It will not be taken from documents either.", err=True)
    keep(own)
    _tell("removed", removed, as_json)


def _tell(done: str, words: list[str], as_json: bool) -> None:
    if as_json:
        print_json({done: words})
    else:
        typer.echo(f"{done.capitalize()}: {', '.join(words)}")
