"""Documents that are zip archives of XML (.docx, .odt, .epub), opened with caps because one can be a bomb."""

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from xml.parsers import expat

from killah.persona.readers import Unreadable

MAX_TEXT_BYTES = 64 << 20  # text unpacked; a long novel has about 10 MB
_OLE = b"\xd0\xcf\x11\xe0"  # how Office wraps what it encrypts
_BLOCK = 1 << 16

# Names of elements come with the prefix that everybody writes, whatever the document calls it.
_PREFIXES = (
    (re.compile(r"http://(?:schemas\.openxmlformats|purl\.oclc)\.org/(?:ooxml/)?wordprocessingml/.*"), r"w:"),
    (re.compile(r"urn:oasis:names:tc:opendocument:xmlns:(text|table|office|style|draw):1\.0"), r"\1:"),
    (re.compile(r"http://schemas\.openxmlformats\.org/markup-compatibility/.*"), r"mc:"),
)

# An element's name and its attributes by their local names; an element's name, or characters
Starts = Callable[[str, dict[str, str]], None]
Ends = Callable[[str], None]


@contextmanager
def opened(data: bytes, kind: str) -> Iterator[zipfile.ZipFile]:
    """The archive, with everything that goes wrong in it said as `Unreadable`. `kind`: "Word document"."""
    if data.startswith(_OLE):
        raise Unreadable(f"encrypted {kind}, or one in the format of before 2007")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield archive
    except (
        zipfile.BadZipFile,
        zlib.error,
        expat.ExpatError,
        NotImplementedError,
        EOFError,
        KeyError,
    ) as error:
        raise Unreadable(f"broken {kind} ({' '.join(str(error).split())})") from error
    except RuntimeError as error:  # zipfile's word for an encrypted entry
        raise Unreadable(f"encrypted {kind}") from error


def check_size(archive: zipfile.ZipFile, names: list[str], most: int = MAX_TEXT_BYTES) -> None:
    """Raises `Unreadable` where parts unpack to more than `most` bytes together.

    The sizes are those the archive declares; zipfile reads no more than that of each part.
    """
    if sum(archive.getinfo(name).file_size for name in names) > most:
        raise Unreadable(f"its text unpacks to more than {most >> 20} MB, like a zip bomb's")


def part(archive: zipfile.ZipFile, name: str, most: int = MAX_TEXT_BYTES) -> bytes:
    """One part unpacked. Raises `Unreadable` where it is larger than `most` bytes, `KeyError` without it."""
    return b"".join(_stream(archive, name, most))


def parse(archive: zipfile.ZipFile, name: str, start: Starts, end: Ends, characters: Ends) -> None:
    """Read an XML part as a stream: `start` hears of `w:p` or `text:p`, or of `item` alone.

    Declared entities are refused: no office program writes them, they grow or fetch. expat itself fetches
    nothing.
    """
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = lambda tag, attributes: start(
        _name(tag), {key.rpartition("}")[2]: value for key, value in attributes.items()}
    )
    parser.EndElementHandler = lambda tag: end(_name(tag))
    parser.CharacterDataHandler = characters
    parser.EntityDeclHandler = _refuse
    for block in _stream(archive, name, MAX_TEXT_BYTES):
        parser.Parse(block)
    parser.Parse(b"", True)


def _stream(archive: zipfile.ZipFile, name: str, most: int) -> Iterator[bytes]:
    check_size(archive, [name], most)
    with archive.open(name) as stream:
        while block := stream.read(_BLOCK):
            yield block


@lru_cache(maxsize=1024)
def _name(name: str) -> str:
    space, _, local = name.rpartition("}")
    for pattern, prefix in _PREFIXES:
        if match := pattern.fullmatch(space):
            return match.expand(prefix) + local
    return local


def _refuse(*_declaration: object) -> None:
    raise Unreadable("its XML declares entities, which no office program does")
