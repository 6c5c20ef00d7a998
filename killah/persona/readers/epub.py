"""Books in EPUB: the chapters of the spine in order, read as the web pages they are, with caps.

Nothing is unpacked to disk, and a chapter is only looked for inside the archive, whatever path it is given.
"""

import posixpath
import re
import zipfile
from urllib.parse import unquote

from killah.persona.readers import Unreadable
from killah.persona.readers._archive import check_size, opened, parse, part
from killah.persona.readers._blocks import Blocks
from killah.persona.readers.html import decode, page
from killah.persona.voice import Prose

MAX_BYTES = 100 << 20

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_PAGES = ("application/xhtml+xml", "text/html", "text/x-oeb1-document")


def read(data: bytes) -> Prose:
    """Paragraphs of all chapters. Raises `Unreadable` for a bomb, a locked book, or no book at all."""
    blocks = Blocks()
    with opened(data, "EPUB book") as archive:
        names = set(archive.namelist())
        if _CONTAINER not in names:
            raise Unreadable("not an EPUB book")
        chapters = [name for name in _chapters(archive) if name in names]
        if not chapters:
            raise Unreadable("broken EPUB book (it has no chapters)")
        if _ENCRYPTION in names and _locked(part(archive, _ENCRYPTION), chapters):
            raise Unreadable("encrypted EPUB book: its seller has locked it")
        check_size(archive, chapters)
        for name in chapters:
            page(decode(part(archive, name)), blocks)
    return blocks.prose()


def _chapters(archive: zipfile.ZipFile) -> list[str]:
    """Names in the archive of the pages of the book in reading order, each once."""
    package = ""
    items: dict[str, str] = {}
    spine: list[str] = []

    def container(tag: str, attributes: dict[str, str]) -> None:
        nonlocal package
        if tag == "rootfile" and not package:
            package = attributes.get("full-path", "")

    def manifest(tag: str, attributes: dict[str, str]) -> None:
        is_contents = "nav" in attributes.get("properties", "").split()
        if tag == "item" and attributes.get("media-type") in _PAGES and not is_contents:
            items[attributes.get("id", "")] = attributes.get("href", "")
        elif tag == "itemref":
            spine.append(attributes.get("idref", ""))

    parse(archive, _CONTAINER, container, _nothing, _nothing)
    parse(archive, package, manifest, _nothing, _nothing)
    folder = posixpath.dirname(package)
    hrefs = [unquote(items[item]) for item in spine if item in items]
    return list(dict.fromkeys(posixpath.normpath(posixpath.join(folder, href)) for href in hrefs))


def _locked(encryption: bytes, chapters: list[str]) -> bool:
    """Whether a chapter is among what is encrypted; fonts often are, which locks nothing."""
    references = re.findall(rb"""URI\s*=\s*["']([^"']{1,1000})["']""", encryption)
    return not {unquote(reference.decode("utf-8", "replace")) for reference in references}.isdisjoint(
        chapters
    )


def _nothing(_: str) -> None:
    pass
