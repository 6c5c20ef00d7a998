"""`killah transcribe`: recordings to text, subtitles or JSON."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from killah.cli.output import json_text, progress_bar
from killah.cli.speech.options import WAY, Encoder, Way
from killah.errors import KillahError

if TYPE_CHECKING:
    import numpy as np

    from killah.audio.recognition.ctc import Word
    from killah.audio.recordings.transcript import Utterance
    from killah.engine import Engine

Form = Literal["txt", "srt", "vtt", "json"]


def register(app: typer.Typer) -> None:
    """Add `transcribe` to the root."""
    app.command("transcribe", epilog="Example: killah transcribe interview.m4a --format srt --output .")(
        transcribe
    )


def transcribe(
    recordings: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="wav, flac, ogg, mp3, m4a; any rate.")
    ],
    form: Annotated[Form, typer.Option("--format", "-f", help="What to write.")] = "txt",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A folder for FILE.txt and so on; stdout otherwise.")
    ] = None,
    emotion: Annotated[
        bool, typer.Option("--emotion", help="Tell how each utterance is said (learned from German actors).")
    ] = False,
    persona: Annotated[str | None, typer.Option(help="Whose names and terms to expect.")] = None,
    encoder: Encoder = None,
    way: Annotated[Way | None, typer.Option("--engine", help=WAY)] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Write over files that are in the folder already.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The same as --format json; of several recordings, one array.")
    ] = False,
) -> None:
    """Write down what is said in recordings of any length.

    Speech is found and cut at pauses; silence and noise give no words. Exit code 1 where a file could not be
    read; the others are transcribed.
    """
    from killah.cli.speech.transcripts import InFolder, OnStdout
    from killah.cli.streaming import engine_for

    form, several = "json" if as_json else form, len(recordings) > 1
    if several and output is None and form in ("srt", "vtt"):
        raise KillahError("Subtitles are one file a recording.", "Name a folder for them: --output FOLDER.")
    place = (
        InFolder(output, form, overwrite=overwrite) if output else OnStdout(listed=several and form == "json")
    )
    failed = 0
    with engine_for(None, persona, encoder=encoder, hearing=way) as engine:
        scribe = Scribe(engine, emotion=emotion)
        for path in recordings:
            try:
                place.put(path, _written(path, _utterances(path, scribe), form, scribe.way))
            except KillahError as error:
                typer.echo(f"killah: {error}", err=True)
                failed += 1
    place.end()
    if failed:
        raise typer.Exit(1)


class Scribe:
    """Hears recordings, with the persona's names, marks and capitals, and perhaps emotions."""

    def __init__(self, engine: "Engine", *, emotion: bool) -> None:
        self._engine, self._ear, self._emotion = engine, engine.ear(), emotion
        self.way = self._ear.way

    def utterances(self, blocks: "Iterable[np.ndarray]") -> "Iterator[Utterance]":
        """What is said in `blocks`, each (samples,)."""
        from killah.audio.recordings import transcript

        feeling = self._ear.emotion if self._emotion else None
        return transcript.transcribe(blocks, self._ear.settle, self._text, feeling)

    def _text(self, words: "Sequence[Word]", before: str) -> str:
        from killah.audio.dictation.language import as_written
        from killah.audio.dictation.live import Final
        from killah.audio.dictation.marked import with_marks

        names = self._ear.names
        heard = with_marks(Final(tuple(words), 0.0), self._engine, before, names)
        return as_written(words, before, names, heard.marked)


def _utterances(path: Path, scribe: Scribe) -> "Iterator[Utterance]":
    """What is said, with a bar on stderr in a terminal."""
    from killah.audio import RATE
    from killah.audio.recordings import files

    total = files.duration(path)
    # Closed here, not when the garbage collector comes: a converted recording lies in a folder of its own.
    with progress_bar(path.name, seconds=True) as progress, closing(files.blocks(path)) as blocks:

        def followed() -> "Iterator[np.ndarray]":
            done = 0.0
            for block in blocks:
                yield block
                done += len(block) / RATE
                progress(round(done), round(max(done, total)))

        silent = True
        for utterance in scribe.utterances(followed()):
            silent = False
            yield utterance
    if silent:
        typer.echo(f"killah: No speech was found in {path}.", err=True)


def _written(path: Path, utterances: "Iterable[Utterance]", form: Form, way: str) -> Iterator[str]:
    """The pieces of a file of that form."""
    from killah.audio.recordings import transcript

    if form == "json":
        found = list(transcript.as_values(utterances))
        yield json_text({"file": str(path), "engine": way, "utterances": found}) + "\n"
        return
    write = {"txt": transcript.as_text, "srt": transcript.as_srt, "vtt": transcript.as_vtt}[form]
    yield from write(utterances)
