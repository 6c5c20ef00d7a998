"""`killah dictate`: speech to text as it is said, with voice commands."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from killah.cli.output import print_json, table
from killah.cli.speech.options import WAY, Device, Encoder, Recording, Way
from killah.cli.streaming import Model

if TYPE_CHECKING:
    from killah.audio.dictation.live import Event
    from killah.engine.scribe import Outcome


def register(app: typer.Typer) -> None:
    """Add `dictate` to the root."""
    app.command("dictate", epilog="Example: killah dictate --file notes.md")(dictate)


def dictate(
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="Go on writing this file; saved at every pause.")
    ] = None,
    recording: Recording = None,
    device: Device = None,
    devices: Annotated[bool, typer.Option("--devices", help="List the microphones.")] = False,
    commands: Annotated[bool, typer.Option("--commands", help="List what you can say.")] = False,
    persona: Annotated[str | None, typer.Option(help="Who 'continue' and 'rephrase that' write as.")] = None,
    model: Model = None,
    encoder: Encoder = None,
    way: Annotated[Way | None, typer.Option("--engine", help=WAY)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print events, one JSON object a line.")] = False,
) -> None:
    """Write down what you say until Ctrl-C.

    The text goes to stdout at the end, or into a file as it grows.

    Say "new line", "comma", "scratch that", "undo", "replace X with Y", "continue", "rephrase that",
    "stop listening" and so on (--commands lists them), or in your own words what to do: "delete everything
    after the word house", "make the last sentence shorter". In English or Russian, after a pause. Nothing is
    recorded.
    """
    if devices or commands:
        (_list_devices if devices else _list_commands)(as_json)
        return
    from killah.audio.commands.document import Document
    from killah.audio.dictation.language import understand
    from killah.audio.dictation.live import Dictation
    from killah.cli.speech.dictation_page import DictationPage
    from killah.cli.speech.kept import Kept, draft, left_behind
    from killah.cli.speech.sound import ended_by, live, recorded
    from killah.cli.streaming import engine_for
    from killah.engine.scribe import Scribe
    from killah.stopping import Stop

    for path in left_behind():
        typer.echo(
            f"killah: A dictation was cut short. Its text is in {path}; delete it when done.", err=True
        )
    kept = Kept(file) if file else None if as_json else draft()
    document = Document(kept.text if kept else "")
    try:
        with ExitStack() as stack:
            engine = stack.enter_context(engine_for(model, persona, encoder=encoder, hearing=way))
            ear = engine.ear()
            scribe, dictation = Scribe(document, engine, ear.names), Dictation(ear, understand)
            page = stack.enter_context(DictationPage(document, shown=not as_json))
            sound = stack.enter_context(recorded(recording) if recording else live(device, page.say))

            def take(events: "list[Event]") -> None:
                for event in events:
                    outcome = scribe.take(event)
                    if as_json:
                        _tell(event, outcome, ear.way)
                    page.show(event)
                    if outcome is not None and outcome.told:
                        page.tell(outcome.told)
                    if outcome is not None and kept and (told := kept.keep(document.text)):
                        page.say(told)

            stop = Stop()  # Ctrl-C is the end of every dictation: what was heard is written down first
            with stop.on_interrupt(), ended_by(stop):
                for samples in sound(page.level):
                    take(dictation.feed(samples))
                    if stop.asked:
                        break
                take(dictation.finish())
    finally:
        if not as_json and (not file or (kept and kept.problem)):
            _print(document.text)
        if kept and not file:
            kept.forget()
    if kept and kept.problem and file:
        raise kept.problem


def _print(text: str) -> None:
    if text:
        print(text, flush=True)


def _list_devices(as_json: bool) -> None:
    from dataclasses import asdict

    from killah.audio.capture.inputs import devices

    found = devices()
    if as_json:
        print_json([asdict(each) for each in found])
        return
    if not found:
        typer.echo("There is no microphone. Connect one, or switch it on in the system's settings.")
        return
    rows = [[each.number, each.name, each.channels, each.rate, "*" if each.default else ""] for each in found]
    table(["number", "name", "channels", "Hz", "default"], rows)


def _list_commands(as_json: bool) -> None:
    from dataclasses import asdict

    from killah.app.sayings import SAYINGS

    if as_json:
        print_json([asdict(each) for each in SAYINGS])
        return
    where = {True: " (in the editor)", False: ""}
    rows = [[each.english, each.russian, each.meaning + where[each.editor]] for each in SAYINGS]
    table(["say", "in Russian", "meaning"], rows)


def _tell(event: "Event", outcome: "Outcome | None", way: str) -> None:
    """One event as a line of JSON, times in seconds from the start."""
    from dataclasses import asdict

    from killah.audio.dictation.live import Final, Partial, Said, Silence

    names: dict[type, str] = {Partial: "partial", Final: "final", Said: "command", Silence: "silence"}
    line: dict[str, object] = {"event": names[type(event)], "at": round(event.at, 3)}
    if isinstance(event, Silence):
        line["seconds"] = round(event.seconds, 3)
    else:
        line["words"] = [
            {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(word).items()}
            for word in event.words
        ]
    if isinstance(event, Said):
        line["command"] = {k: v for k, v in asdict(event.command).items() if v}
    if isinstance(event, Final):
        line |= {"ends": event.ends, "engine": way}
    if outcome is not None:
        line |= {"text": outcome.text, "done": outcome.done}
        line |= {"told": outcome.told} if outcome.told else {}
    print_json(line, lines=True)
