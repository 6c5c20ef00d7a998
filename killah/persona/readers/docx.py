"""Word documents: zip and XML read as a stream, with caps, because a .docx can be a bomb.

python-docx loses tracked insertions and content controls and expands a zip bomb to gigabytes; this keeps
the text and never holds more than the cap. Deleted text, field codes and drawn text are not taken.
"""

import io
import re
import zipfile
from xml.parsers import expat

from killah.persona.readers import Unreadable, clean

MAX_BYTES = 100 << 20
MAX_XML_BYTES = 64 << 20  # the unpacked text part; a long novel has about 10 MB

_MAIN_PART = re.compile(r"word/document\d*\.xml")
_NAMESPACE = re.compile(r"http://(schemas\.openxmlformats|purl\.oclc)\.org/(ooxml/)?wordprocessingml/")
_SEPARATOR = "}"


def text(data: bytes) -> str:
    """One paragraph for each `w:p`. Raises `Unreadable` for a bomb or anything that is no Word document."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return clean(_read(archive))
    except (zipfile.BadZipFile, expat.ExpatError, NotImplementedError, EOFError) as error:
        raise Unreadable(f"broken Word document ({error})") from error
    except RuntimeError as error:  # zipfile's word for an encrypted entry
        raise Unreadable("encrypted Word document") from error


def _read(archive: zipfile.ZipFile) -> str:
    part = next(filter(lambda entry: _MAIN_PART.fullmatch(entry.filename), archive.infolist()), None)
    if part is None:
        raise Unreadable("not a Word document")
    if part.file_size > MAX_XML_BYTES:  # zipfile reads no more than the size that is declared
        raise Unreadable(f"its text unpacks to more than {MAX_XML_BYTES >> 20} MB, like a zip bomb's")
    words = _Words()
    with archive.open(part) as stream:
        while block := stream.read(1 << 16):
            words.parser.Parse(block)
    words.parser.Parse(b"", True)
    return "".join(words.out)


class _Words:
    """Collects the text of a `document.xml` as expat meets it."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.depth = 0  # open w:t elements
        self.fallback = 0  # open mc:Fallback elements: the same text again, for old readers
        self.parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(_SEPARATOR)
        if local == "Fallback":
            self.fallback += 1
        elif _NAMESPACE.match(space) and not self.fallback:
            self.depth += local == "t"
            self.out.append({"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"}.get(local, ""))

    def _end(self, name: str) -> None:
        space, _, local = name.rpartition(_SEPARATOR)
        if local == "Fallback":
            self.fallback -= 1
        elif _NAMESPACE.match(space) and not self.fallback:
            self.depth -= local == "t"
            if local == "p":
                self.out.append("\n\n")

    def _characters(self, characters: str) -> None:
        if self.depth:
            self.out.append(characters)

    def _doctype(self, *_declaration: object) -> None:
        # Word writes none; one that is there is an attack (entities that grow or fetch).
        raise Unreadable("its XML declares entities, which Word never does")
