"""Mp3 files to their end. libsndfile stops where the first frame says, or makes it guess, that the end is.

A recording with varying bit rate and no length in it, or several put together (a podcast with advertisements
in it), would lose most of its sound. Through a pipe, with that first frame silenced, all of it is read.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import soundfile

_PIECE = 1 << 16  # bytes
_LENGTHS = b"Xing", b"Info", b"VBRI"  # what a first frame that holds a length instead of sound is marked with


@contextmanager
def whole(begun: "soundfile.SoundFile", path: Path) -> Iterator["soundfile.SoundFile"]:
    """The file at `path`, to be read once from its beginning; `begun` where that fails.

    It begins and ends with up to 50 ms of padding.
    """
    import soundfile

    out, into = os.pipe()
    feeder = threading.Thread(target=_feed, args=(path, into), daemon=True)
    feeder.start()
    try:
        with suppress(soundfile.LibsndfileError):
            begun = soundfile.SoundFile(out, closefd=False)
        with begun:
            yield begun
    finally:
        os.close(out)
        feeder.join()


def _feed(path: Path, into: int) -> None:
    with suppress(BrokenPipeError), path.open("rb") as file, os.fdopen(into, "wb") as pipe:
        file.seek(_tag(file.read(10)))
        first = file.read(_PIECE)
        for mark in _LENGTHS:
            first = first.replace(mark, bytes(len(mark)))
        pipe.write(first)
        while piece := file.read(_PIECE):
            pipe.write(piece)


def _tag(head: bytes) -> int:
    """Bytes of the tag before the sound, maybe with a picture; seven bits of each count (ID3v2.4 §3.1)."""
    if head[:3] != b"ID3":
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return 10 + size + (10 if head[5] & 0x10 else 0)
