"""`killah persona show` and `killah persona score`: how a persona writes, and how much a text is like it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from killah.cli.output import JSON, print_json, read_text, table

if TYPE_CHECKING:
    from killah.persona.profile import Measured, Profile

FUNCTION_WORDS = 12  # the least usual of them are shown

Name = Annotated[str | None, typer.Argument(help="A persona; the one in the settings otherwise.")]


def register(app: typer.Typer) -> None:
    """Add both verbs to `killah persona`."""
    app.command("show", epilog="Example: killah persona show saki --picture saki.svg")(show)
    app.command("score", epilog="Example: killah persona score draft.md --persona saki")(score)


def show(
    name: Name = None,
    picture: Annotated[Path | None, typer.Option(help="Draw it as well: FILE.png or FILE.svg.")] = None,
    as_json: bool = JSON,
) -> None:
    """How this writer writes, beside other authors; distinctive words and phrases; the min-p it implies."""
    from dataclasses import asdict

    from killah.config import load
    from killah.persona.personas import existing, without_text
    from killah.persona.profile import profile

    name = name or load().persona
    path = existing(name)
    if picture is not None:
        from killah.persona.picture import check

        check(picture)
    measured = profile(path)
    drawn = {}
    if picture is not None:
        from killah.persona.picture import draw

        drawn = {"picture": str(draw(measured, name, picture))}
    if as_json:
        print_json({"name": name} | asdict(measured) | drawn)
        return
    if not measured.passages:
        raise without_text(name)
    _print(name, measured)
    if drawn:
        typer.echo(f"\nDrawn: {drawn['picture']}")


def score(
    text: Annotated[str | None, typer.Argument(help="Text or a file; stdin otherwise.")] = None,
    persona: Annotated[str | None, typer.Option(help="A persona; the one in the settings otherwise.")] = None,
    as_json: bool = JSON,
) -> None:
    """How much the end of a text is like the persona's writing, 0 to 100, and in what it differs most."""
    from dataclasses import asdict

    from killah.config import load
    from killah.persona.comparison import compare

    name = persona or load().persona
    found = compare(name, read_text(text))
    if as_json:
        print_json({"persona": name} | asdict(found))
        return
    typer.echo(f"{found.score} of 100 like {name}, from the last {found.words} words")
    for each in found.deviations:
        typer.echo(f"  {each.sentence}")


def _print(name: str, profile: "Profile") -> None:
    formats = ", ".join(f"{count:,} .{format}" for format, count in profile.formats.items())
    rows = [
        ["documents", f"{profile.documents:,} ({formats})"],
        ["length", f"{profile.words:,} words in {profile.passages:,} passage{'s'[: profile.passages != 1]}"],
    ]
    if profile.language_share < 1:
        language = {"en": "English", "ru": "Russian"}[profile.language]
        rows += [["language", f"{language}, {profile.language_share:.0%} of it; only that is measured below"]]
    rows += [
        ["vocabulary", f"{profile.vocabulary_mattr:.1%} different words in 500 (MATTR)"],
        ["min-p", f"{profile.min_p:.3f}, {profile.min_p_reason}"],
    ]
    rows += [["words", ", ".join(profile.characteristic_words)]] if profile.characteristic_words else []
    rows += [["phrases", ", ".join(profile.characteristic_phrases)]] if profile.characteristic_phrases else []
    rows += [["for example", sentence] for sentence in profile.example_sentences]
    table([name, ""], rows)
    if profile.features:
        beside = f"Beside {profile.reference_authors} authors, with the percent of them who have less:"
        typer.echo(f"\n{beside}")
        table(["", "style", name, "median", ""], _rows(profile))


def _rows(profile: "Profile") -> list[list[str]]:
    groups: dict[str, list[Measured]] = {}
    for each in profile.features:
        groups.setdefault(each.group, []).append(each)
    words = sorted(groups["function words"], key=lambda each: -abs(each.percentile - 50))
    groups["function words"] = sorted(words[:FUNCTION_WORDS], key=lambda each: -each.percentile)
    return [
        [group if not place else "", each.name, *each.shown, _bar(each.percentile)]
        for group, found in groups.items()
        for place, each in enumerate(found)
    ]


def _bar(percentile: int) -> str:
    """A dot on a line of eleven places, and the number."""
    places = ["·"] * 11
    places[5] = "|"
    places[round(percentile / 10)] = "●"
    return f"{''.join(places)} {percentile:3}"
