"""`killah speak`: text aloud, while it is being written, until a key is pressed."""

import codecs
import io
import os
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from killah.cli.output import print_json, read_text, table
from killah.cli.speech.sound import killed_cleanly
from killah.errors import KillahError

if TYPE_CHECKING:
    from killah.audio.synthesis.speaking import Utterance

GLANCE = 0.1  # seconds between looks at whether speech was stopped, while no text comes


def register(app: typer.Typer) -> None:
    """Add `speak` to the root."""
    app.command("speak", epilog="Example: killah continue draft.md | killah speak --rate 200")(speak)


def speak(
    text: Annotated[
        str | None, typer.Argument(help="Text, a file, or - for stdin.", show_default=False)
    ] = None,
    voice: Annotated[str | None, typer.Option(help="Voice, for text in the letters of its language.")] = None,
    rate: Annotated[int | None, typer.Option(min=60, max=500, help="Words a minute.")] = None,
    volume: Annotated[float, typer.Option(min=0, max=2, help="1 is the voice's own.")] = 1.0,
    voices: Annotated[bool, typer.Option("--voices", help="List the installed voices.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write FILE.wav instead of playing it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print events, one JSON object a line.")] = False,
) -> None:
    """Read a text aloud, sentence by sentence as it comes.

    Russian is read by a Russian voice. Any key stops it.
    """
    from killah.audio.synthesis.speaking import Speaker
    from killah.audio.synthesis.speech_file import save_speech
    from killah.audio.synthesis.voices import Manner

    if voices:
        _list_voices(as_json)
        return
    manner = Manner(rate, volume)
    began = _tell if as_json else None
    if output:
        seconds = save_speech(_pieces(text, lambda: False), output, voice=voice, manner=manner, began=began)
        if as_json:
            print_json({"event": "done", "file": str(output), "seconds": round(seconds, 2)}, lines=True)
        return
    with (
        killed_cleanly(),
        Speaker(voice=voice, manner=manner, began=began) as speaker,
        _any_key(speaker.stop),
    ):
        spoken = speaker.speak(_pieces(text, lambda: speaker.stopped))
    if as_json:
        print_json({"event": "done" if spoken else "stopped"}, lines=True)


def _list_voices(as_json: bool) -> None:
    from dataclasses import asdict

    from killah.audio.synthesis.voices import program

    found = program().voices
    if as_json:
        print_json([asdict(voice) for voice in found])
    else:
        table(["voice", "language"], [[voice.name, voice.language] for voice in found])


def _tell(utterance: "Utterance") -> None:
    print_json({"event": "speaking", "text": utterance.text, "voice": utterance.voice}, lines=True)


def _pieces(text: str | None, stopped: Callable[[], bool]) -> Iterator[str]:
    """The text of the argument or file; of stdin, as it comes in until `stopped`."""
    if text not in (None, "-") or sys.stdin.isatty():
        yield read_text(text)
        return
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        for data in _chunks(stopped):
            if b"\0" in data:
                raise KillahError("stdin is not text.", "Killah reads UTF-8 text here.")
            yield decoder.decode(data)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise KillahError("stdin is not UTF-8 text.", "Convert it first, for example with iconv.") from error


def _chunks(stopped: Callable[[], bool]) -> Iterator[bytes]:
    try:
        descriptor = sys.stdin.fileno()
    except io.UnsupportedOperation:  # not a file: all of it is there
        yield sys.stdin.buffer.read()
        return
    while not stopped():
        if select.select([descriptor], [], [], GLANCE)[0]:
            if not (data := os.read(descriptor, 4096)):
                return
            yield data


@contextmanager
def _any_key(act: Callable[[], None]) -> Iterator[None]:
    """Call `act` when a key is pressed, where there is a terminal that listens to this process."""
    from killah.cli.speech.keys import keys, listens

    with ExitStack() as stack:
        with suppress(OSError):
            terminal = stack.enter_context(Path("/dev/tty").open("rb", buffering=0)).fileno()
            if listens(terminal):
                stack.enter_context(keys(terminal, lambda _: act()))
        yield
