"""Wav files whose header was never finished, because the recorder was killed: their length is on disk."""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

_SIZE = struct.Struct("<I")
_TO_THE_END = _SIZE.pack(0xFFFFFFFF)  # what a recorder writes that cannot go back; libsndfile knows it


@contextmanager
def mended(path: Path) -> Iterator[Path | BinaryIO]:
    """`path` itself; or, where its data are at least twice as long as its header says, the file corrected."""
    with path.open("rb") as file:
        at = _wrong_length(file, path.stat().st_size)
    if at is None:
        yield path
    else:
        with _Corrected(path, at) as corrected:
            yield corrected


def _wrong_length(file: BinaryIO, end: int) -> int | None:
    """Where (bytes) the wrong length of the data is written."""
    riff = file.read(12)
    if riff[:4] != b"RIFF" or riff[8:] != b"WAVE":
        return None
    at = 12
    while len(head := file.read(8)) == 8:
        size = _SIZE.unpack(head[4:])[0]
        after = at + 8 + size
        if head[:4] == b"data":
            wrong = (
                end - after > size and not _chunk_at(file, after, end) and not _chunk_at(file, after + 1, end)
            )
            return at + 4 if wrong else None
        at = after + size % 2
        file.seek(at)
    return None


def _chunk_at(file: BinaryIO, at: int, end: int) -> bool:
    """Whether another part of the file begins there, as the format says."""
    file.seek(at)
    head = file.read(8)
    return (
        len(head) == 8
        and head[:4].isascii()
        and head[:4].decode().isprintable()
        and (at + 8 + _SIZE.unpack(head[4:])[0] <= end)
    )


class _Corrected(io.FileIO):
    """The file, with four bytes read differently."""

    def __init__(self, path: Path, at: int) -> None:
        super().__init__(path)
        self._at = at

    def readinto(self, buffer: Any) -> int:
        begin = self.tell()
        count = super().readinto(buffer) or 0
        for place, byte in enumerate(_TO_THE_END, self._at - begin):
            if 0 <= place < count:
                memoryview(buffer).cast("B")[place] = byte
        return count
