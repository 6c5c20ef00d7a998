"""Speech into a wave file, a sentence at a time."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from killah import paths
from killah.audio.synthesis.sentences import Sentences
from killah.audio.synthesis.speaking import Utterance
from killah.audio.synthesis.voices import Manner, Program, program
from killah.errors import KillahError

if TYPE_CHECKING:
    import numpy as np

PAUSE = 0.25  # seconds after each sentence
PATIENCE = 120.0  # seconds one sentence may take to be made

Sound = tuple["np.ndarray", int]  # (samples,) int16, samples a second


def save_speech(
    pieces: Iterable[str],
    path: Path,
    *,
    voice: str | None = None,
    manner: Manner | None = None,
    began: Callable[[Utterance], None] | None = None,
    by: Program | None = None,
) -> float:
    """Write a text as speech to a 16-bit mono `.wav`, whole or not at all; returns its seconds.

    `began` is called with each sentence. Raises `KillahError` where nothing can be spoken or written.
    """
    if path.suffix.lower() != ".wav":
        raise KillahError(f"Cannot write {path}: Killah makes wave files alone.", "Name it FILE.wav.")
    speaker = by or program()
    chosen = speaker.voice(voice) if voice else None

    def sounds() -> Iterator[Sound]:
        for sentence in _sentences(pieces):
            utterance = Utterance(sentence, speaker.voice_for(sentence, chosen))
            if began:
                began(utterance)
            yield _spoken(speaker, utterance, manner or Manner())

    return _write(sounds(), path)


def _sentences(pieces: Iterable[str]) -> Iterator[str]:
    sentences = Sentences()
    for piece in pieces:
        yield from sentences.feed(piece)
    yield from sentences.finish()


def _spoken(speaker: Program, utterance: Utterance, manner: Manner) -> Sound:
    import soundfile

    with tempfile.TemporaryDirectory(prefix="killah-") as folder:
        wav = Path(folder) / "sentence.wav"
        command = speaker.command(utterance.voice, manner, wav)
        script = speaker.script(utterance.text, manner).encode()
        try:
            subprocess.run(command, input=script, capture_output=True, timeout=PATIENCE, check=True)
            return soundfile.read(wav, dtype="int16")
        except (OSError, subprocess.SubprocessError, soundfile.SoundFileError) as error:
            raise KillahError(f"{command[0]} could not speak: {error}.", "Try another voice.") from error


def _write(sounds: Iterator[Sound], path: Path) -> float:
    """All of them, each with a pause after it, into a private file that takes its name when it is whole."""
    import numpy as np
    import soundfile

    first = next(sounds, None)
    if first is None:
        raise KillahError("There is nothing to speak.", "Give at least one word.")
    rate = first[1]
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        with soundfile.SoundFile(new, "w", rate, 1, "PCM_16", format="WAV") as file:
            for samples, its_rate in (first, *sounds):
                file.write(
                    np.append(_at_rate(samples, its_rate, rate), np.zeros(round(PAUSE * rate), np.int16))
                )
            seconds = file.frames / rate
        new.replace(path)
    except OSError as error:
        raise paths.cannot_write(path, error) from error
    finally:
        new.unlink(missing_ok=True)
    return seconds


def _at_rate(samples: "np.ndarray", rate: int, wanted: int) -> "np.ndarray":
    import soxr

    return samples if rate == wanted else soxr.resample(samples, rate, wanted)
