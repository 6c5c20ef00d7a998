"""Safetensors files as streams: tensors are read in blocks of rows and written in order.

A file is an 8-byte little-endian length, a JSON header {name: {dtype, shape, data_offsets}} and the
tensors' bytes without gaps (github.com/huggingface/safetensors). Nothing here ever holds a whole shard.
"""

import hashlib
import json
import math
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeVar

import numpy as np

from killah import paths
from killah.errors import KillahError

ITEM_BYTES = {"F32": 4, "F16": 2, "BF16": 2, "U32": 4}
HEADER_LIMIT = 100_000_000  # the format's own limit, in bytes


class Sized(Protocol):
    """What has a size in a file."""

    @property
    def bytes(self) -> int:
        """Of its data."""
        ...


Part = TypeVar("Part", bound=Sized)


@dataclass(frozen=True)
class Spec:
    """Name, dtype (a key of `ITEM_BYTES`, or one we do not read) and shape of a tensor."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """Size of its data."""
        return ITEM_BYTES[self.dtype] * math.prod(self.shape)


@dataclass(frozen=True)
class Stored:
    """A tensor in a file; its data starts at byte `start`."""

    spec: Spec
    file: Path
    start: int

    def blocks(self, items: int) -> Iterator[np.ndarray]:
        """Its rows in order, about `items` numbers at a time, each (rows, ...) as raw little-endian numbers.

        bfloat16, which numpy lacks, comes as uint16 bit patterns.
        """
        rows, *rest = self.spec.shape
        width = math.prod(rest)
        step = max(1, items // max(1, width))
        dtype = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}[self.spec.dtype]
        with self.file.open("rb") as file:
            file.seek(self.start)
            for first in range(0, rows, step):
                count = min(step, rows - first)
                try:
                    block = np.fromfile(file, dtype, count * width)
                except OSError as error:
                    raise KillahError(f"Cannot read {self.file}: {error.strerror}.") from error
                if block.size != count * width:
                    raise KillahError(f"{self.file} ended while it was read.", "Is it still being copied?")
                yield block.reshape(count, *rest)


def read_header(path: Path) -> dict[str, Stored]:
    """Every tensor of a safetensors file, by name. Raises `KillahError` for a damaged or unfinished one."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(8)
            if start == b"version ":  # the first word of a Git LFS pointer
                raise KillahError(
                    f"{path} is a Git LFS pointer, not the weights.", "Run `git lfs pull` there."
                )
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
            if not 0 < length <= min(size - 8, HEADER_LIMIT):
                raise _damaged(path)
            header = json.loads(file.read(length))
    except OSError as error:
        raise KillahError(f"Cannot read {path}: {error.strerror}.") from error
    except ValueError as error:  # not UTF-8, not JSON
        raise _damaged(path) from error
    try:
        return _parse(path, header, 8 + length, size)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise _damaged(path) from error


def _parse(path: Path, header: dict[str, Any], data: int, size: int) -> dict[str, Stored]:
    header.pop("__metadata__", None)
    found: dict[str, Stored] = {}
    for name, entry in header.items():
        begin, end = map(int, entry["data_offsets"])
        spec = Spec(name, entry["dtype"], tuple(map(int, entry["shape"])))
        if begin < 0 or (spec.dtype in ITEM_BYTES and end - begin != spec.bytes):
            raise _damaged(path)
        if data + end > size:
            raise KillahError(
                f"{path} is cut short: {size:,} bytes of at least {data + end:,}.", "Download it again."
            )
        found[name] = Stored(spec, path, data + begin)
    return found


def _damaged(path: Path) -> KillahError:
    return KillahError(f"{path} is not a safetensors file, or is damaged.", "Download it again.")


class Writer:
    """Writes one safetensors file from front to back; use as a context manager.

    `specs` are the tensors in the order in which `write` will receive their bytes. `size` and `sha256`
    are right once the block has been left.
    """

    def __init__(self, path: Path, specs: list[Spec]) -> None:
        self.path = path
        self.size = 0
        self._hash = hashlib.sha256()
        self._header = _header(specs)
        self._expected = len(self._header) + sum(spec.bytes for spec in specs)

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of what was written."""
        return self._hash.hexdigest()

    def __enter__(self) -> "Writer":
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise paths.cannot_write(self.path, error) from error
        self._file = os.fdopen(descriptor, "wb")
        try:
            self.write(self._header)
        except BaseException:
            with suppress(OSError):
                self._file.close()
            raise
        return self

    def write(self, data: bytes) -> None:
        """Append the next bytes."""
        try:
            self._file.write(data)
        except OSError as error:
            raise paths.cannot_write(self.path, error) from error
        self._hash.update(data)
        self.size += len(data)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._file:
                self._file.flush()
                os.fsync(self._file.fileno())
        except OSError as problem:
            raise paths.cannot_write(self.path, problem) from problem
        assert kind is not None or self.size == self._expected, f"{self.path}: {self.size} bytes"


def split(parts: Sequence[Part], most: int) -> list[list[Part]]:
    """Consecutive parts for each file, at most `most` bytes together (a larger one stands alone)."""
    shards: list[list[Part]] = []
    room = 0
    for part in parts:
        if not shards or part.bytes > room:
            shards.append([])
            room = most
        shards[-1].append(part)
        room -= part.bytes
    return shards


def _header(specs: list[Spec]) -> bytes:
    header: dict[str, Any] = {"__metadata__": {"format": "mlx"}}
    position = 0
    for spec in specs:
        offsets = [position, position + spec.bytes]
        header[spec.name] = {"dtype": spec.dtype, "shape": spec.shape, "data_offsets": offsets}
        position += spec.bytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the data starts at a multiple of eight
    return struct.pack("<Q", len(text)) + text
