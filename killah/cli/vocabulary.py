"""`killah vocabulary list|add|remove`: words that dictation expects."""

from typing import TYPE_CHECKING

import typer

from killah.cli.output import JSON, print_json, table

if TYPE_CHECKING:
    from killah.audio.vocabulary import Term

app = typer.Typer(
    help="Words dictation expects: names and terms of your documents, and your own. "
    "Example: killah vocabulary add Qokka",
    no_args_is_help=True,
)

MOST_WORDS = 300_000  # read at most: passages evenly taken from a larger persona

PERSONA = typer.Option(None, help="A persona; the one in the settings otherwise.")
MOST = typer.Option(100, "--most", "-n", min=1, help="Mined words shown at most.")
HEARD = typer.Option("", "--heard", help="How it sounds, in plain letters, where the spelling does not say.")


@app.command("list", epilog="Example: killah vocabulary list --json")
def list_(persona: str | None = PERSONA, most: int = MOST, as_json: bool = JSON) -> None:
    """Your own words, and what was found in the documents of a persona."""
    from dataclasses import asdict

    from killah.audio.vocabulary import own_words

    terms = own_words().joined(_mined(persona, most))
    if as_json:
        print_json([asdict(term) for term in terms])
    elif not terms:
        typer.echo("There are no words yet. Add one: killah vocabulary add Qokka")
    else:
        rows = [[term.text, term.heard, term.kind, term.count, "*" if term.hot else ""] for term in terms]
        table(["word", "heard as", "from", "met", "hot"], rows)


@app.command(epilog="Example: killah vocabulary add 'R2-D2' --heard 'are two dee two'")
def add(words: list[str], heard: str = HEARD, as_json: bool = JSON) -> None:
    """Expect words or phrases in dictation, and spell them like this."""
    from killah.audio.vocabulary import keep, own_words
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
    from killah.audio.vocabulary import keep, own_words

    own = own_words()
    for word in words:
        own = own.remove(word)
    keep(own)
    _tell("removed", words, as_json)


def _tell(done: str, words: list[str], as_json: bool) -> None:
    if as_json:
        print_json({done: words})
    else:
        typer.echo(f"{done.capitalize()}: {', '.join(words)}")


def _mined(persona: str | None, most: int) -> list["Term"]:
    """What the documents of a persona, or of a blend, give; nothing while it is paused, or not there."""
    from killah.audio.vocabulary import mine
    from killah.config import load
    from killah.persona import blends, english, russian
    from killah.persona.personas import path_of
    from killah.persona.store import Store

    name = persona or load().persona
    if persona:
        blends.check(persona)
    elif not blends.usable(name):
        return []
    texts: list[str] = []
    for each in blends.parse(name):
        with Store.open(path_of(each)) as store:
            if store.setting("paused") is None:
                passages = store.texts()
                every = 1 + store.counts()["words"] // MOST_WORDS
                texts += [text for text, _ in passages[::every]]

    def share(word: str) -> float:
        cyrillic = "а" <= word[:1] <= "я"
        return russian.expected_share(word) if cyrillic else english.expected_share(word)

    return mine(texts, share, most=most)
