"""Any audio file as 16 kHz mono, block by block, so that hours need no more memory than a minute."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from killah.audio import RATE
from killah.audio.recordings import mp3, riff
from killah.errors import KillahError

if TYPE_CHECKING:
    import soundfile

_READ = 4096  # frames read at a time, so that little is lost where a broken file breaks off
_RATES = range(1_000, 1_000_001)  # Hz; what else a header says is damage
_FORMATS = "wav, flac, ogg, opus, mp3, aiff or m4a"


def blocks(path: str | Path, seconds: float = 1.0) -> Generator[np.ndarray, None, None]:
    """The sound in blocks (samples,) of `seconds`, the last one shorter. Channels are averaged.

    A file that breaks off gives what it has. Raises `KillahError` where there is nothing.
    """
    size, waiting, some = round(seconds * RATE), np.zeros(0, np.float32), False
    path = Path(path).expanduser()
    with (
        _opened(path) as begun,
        mp3.whole(begun, path) if begun.format == "MP3" else nullcontext(begun) as file,
    ):
        for piece in _resampled(file):
            waiting = np.concatenate([waiting, piece])
            while len(waiting) >= size:
                some = True
                yield waiting[:size]
                waiting = waiting[size:]
    if len(waiting):
        yield waiting
    elif not some:
        raise KillahError(f"There is no sound in {path}.", "The file is empty or broken.")


def read(path: str | Path) -> np.ndarray:
    """The whole sound (samples,). Raises as `blocks` does."""
    return np.concatenate(list(blocks(path)))


def duration(path: str | Path) -> float:
    """Seconds, as the file itself says. Raises `KillahError`."""
    with _opened(Path(path).expanduser()) as file:
        return file.frames / file.samplerate


def _resampled(file: "soundfile.SoundFile") -> Iterator[np.ndarray]:
    import soxr

    stream = soxr.ResampleStream(file.samplerate, RATE, 1)
    for mono in _mono(file):
        yield stream.resample_chunk(mono).clip(-1, 1)
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True).clip(-1, 1)


def _mono(file: "soundfile.SoundFile") -> Iterator[np.ndarray]:
    import soundfile

    while True:
        try:
            frames = file.read(_READ, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:  # the rest is damaged
            return
        if not len(frames):
            return
        yield np.nan_to_num(frames, nan=0, posinf=0, neginf=0).mean(axis=1)


@contextmanager
def _opened(path: Path) -> Iterator["soundfile.SoundFile"]:
    """The file, or what it was converted to, which is deleted again."""
    import soundfile

    _check(path)
    with tempfile.TemporaryDirectory(prefix="killah-") as folder, riff.mended(path) as sound:
        try:
            with _without_notes():
                file = soundfile.SoundFile(sound)
        except (soundfile.LibsndfileError, TypeError):  # TypeError: a file that is called .raw
            wav = Path(folder) / "sound.wav"
            _convert(path, wav)
            try:
                file = soundfile.SoundFile(wav)
            except soundfile.LibsndfileError as error:
                raise _not_audio(path) from error
        with file:
            if file.samplerate not in _RATES:
                raise _not_audio(path)
            yield file


@contextmanager
def _without_notes() -> Iterator[None]:
    """Descriptor 2 goes nowhere meanwhile: libmpg123 prints there what it thinks of a file that is no mp3."""
    sys.stderr.flush()
    before, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(nowhere)


def _check(path: Path) -> None:
    try:
        if path.is_dir():
            raise KillahError(f"{path} is a folder.", "Name a file in it.")
        if not path.exists():
            raise KillahError(f"There is no file {path}.", "Look at its name and folder.")
        if not path.is_file():
            raise KillahError(f"{path} is not a file.", f"Give {_FORMATS}.")
        with path.open("rb") as file:
            if not file.read(1):
                raise KillahError(f"{path} is empty.", f"Give {_FORMATS}.")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise KillahError(f"Cannot read {path}: {reason}.", "Look at who may read it.") from error


def _convert(path: Path, wav: Path) -> None:
    """Let the system's own converter make `wav` of `path` (m4a, video, ...); what it cannot, it does not."""
    command = _converter(path, wav)
    if command is None:
        hint = f"Give {_FORMATS}; for m4a and video, install ffmpeg."
        raise KillahError(f"{path} is not audio that can be read here.", hint)
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def _converter(path: Path, wav: Path) -> list[str] | None:
    """Mac: afconvert, which is always there. Elsewhere: ffmpeg, kept from opening anything but the file."""
    if sys.platform == "darwin":
        return ["afconvert", "-f", "WAVE", "-d", f"LEI16@{RATE}", str(path.absolute()), str(wav)]
    if not (ffmpeg := shutil.which("ffmpeg")):
        return None
    quiet = [ffmpeg, "-nostdin", "-loglevel", "error", "-protocol_whitelist", "file"]
    return [*quiet, "-i", f"file:{path}", "-vn", "-ar", str(RATE), "-c:a", "pcm_s16le", str(wav)]


def _not_audio(path: Path) -> KillahError:
    return KillahError(f"{path} is not audio, or is broken.", f"Give {_FORMATS}.")
