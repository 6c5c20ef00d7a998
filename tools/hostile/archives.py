"""Hostile documents that are archives: Word, OpenDocument and EPUB."""

import io
import zipfile
from collections.abc import Iterator

from tools.documents import FORMATS, zipped

_MB = 1 << 20

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
LAUGHS = "<!DOCTYPE x [" + "".join(
    f'<!ENTITY a{n} "{"ha" if not n else f"&a{n - 1};" * 10}">' for n in range(12)
)
_FETCH = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">'


def word() -> Iterator[tuple[str, bytes]]:
    """Name and content of each .docx."""
    yield "zip-bomb.docx", _docx(bytes(300 * _MB))
    yield "nested-zips.docx", _nested_zips()
    yield "entity-bomb.docx", _docx(f"{LAUGHS}]><w:document {_W}>&a11;</w:document>".encode())
    yield "fetching-entity.docx", _docx(f"{_FETCH}]><w:document {_W}>&a;</w:document>".encode())
    yield "untrue-size.docx", _docx(bytes(_MB)).replace(_MB.to_bytes(4, "little"), (99).to_bytes(4, "little"))
    yield "really-a-pdf.docx", FORMATS["pdf"]("Harbour", ["The boats came in at dawn."], "")
    yield (
        "encrypted.docx",
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4_096) + "EncryptedPackage".encode("utf-16-le"),
    )
    yield "no-text-part.docx", zipped({"word/other.xml": b"<a/>"})
    yield "three-million-paragraphs.docx", _docx(f"<w:document {_W}>".encode() + b"<w:p/>" * 3_000_000)
    yield "nested-elements.docx", _docx(f"<w:document {_W}>".encode() + b"<w:p>" * 5_000_000)
    yield "nested-tables.docx", _docx(f"<w:document {_W}>".encode() + b"<w:tr><w:tc>" * 1_000_000)
    yield "wide-attribute.docx", _docx(f'<w:document {_W} a="{"x" * (60 * _MB)}"/>'.encode())
    yield "many-parts.docx", _many_parts(150_000)
    yield "encrypted-part.docx", _with_flag(_docx(b"<a/>"), 1)
    yield "lzma-dictionary.docx", _lzma_dictionary()
    yield (
        "bomb-of-styles.docx",
        zipped({"word/document.xml": f"<w:document {_W}/>".encode(), "word/styles.xml": bytes(300 * _MB)}),
    )


def _docx(document: bytes) -> bytes:
    return zipped({"word/document.xml": document})


def _nested_zips() -> bytes:
    inner = zipped({"zeros": bytes(8 * _MB)})
    for _ in range(6):
        inner = zipped({f"{number}.zip": inner for number in range(8)})
    return zipped({"word/document.xml": inner})


def _many_parts(count: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number in range(count):
            archive.writestr(zipfile.ZipInfo(f"word/{number}"), b"")
    return made.getvalue()


def _with_flag(archive: bytes, flag: int) -> bytes:
    """The archive with a general purpose bit set in both headers of its first entry."""
    data = bytearray(archive)
    data[6] |= flag
    data[data.index(b"PK\x01\x02") + 8] |= flag
    return bytes(data)


def _lzma_dictionary() -> bytes:
    """An entry whose LZMA header asks for a dictionary of 4 GB."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr(zipfile.ZipInfo("word/document.xml"), b"<a/>" * 100, zipfile.ZIP_LZMA)
    data = bytearray(made.getvalue())
    start = data.index(b"word/document.xml") + len("word/document.xml")
    data[start + 5 : start + 9] = b"\xff\xff\xff\xff"  # version, size of properties, lc/lp/pb, dictionary
    return bytes(data)


def opendocument() -> Iterator[tuple[str, bytes]]:
    """Name and content of each .odt."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("text", "table", "office")
    )

    def odt(content: str | bytes, **parts: bytes) -> bytes:
        return zipped({"content.xml": content.encode() if isinstance(content, str) else content, **parts})

    yield "zip-bomb.odt", odt(bytes(300 * _MB))
    yield "entity-bomb.odt", odt(f"{LAUGHS}]><x>&a11;</x>")
    yield "fetching-entity.odt", odt(f"{_FETCH}]><x>&a;</x>")
    yield "encrypted.odt", odt(b"\x01\x02", **{"META-INF/manifest.xml": b"<manifest:encryption-data/>"})
    yield "nested-paragraphs.odt", odt(f"<office:a {spaces}>" + "<text:p>" * 3_000_000)
    yield "spaces.odt", odt(f"<text:p {spaces}>" + '<text:s text:c="999999999"/>' * 500_000 + "</text:p>")
    yield "really-a-sheet.odt", odt("<a/>", mimetype=b"application/vnd.oasis.opendocument.spreadsheet")


def books() -> Iterator[tuple[str, bytes]]:
    """Name and content of each .epub."""

    def epub(package: str, parts: dict[str, bytes] | None = None) -> bytes:
        container = b'<container><rootfile full-path="a.opf"/></container>'
        return zipped({"META-INF/container.xml": container, "a.opf": package.encode()} | (parts or {}))

    def chapter(name: str, times: int = 1) -> str:
        item = f'<item id="a" href="{name}" media-type="text/html"/>'
        spine = '<itemref idref="a"/>' * times
        return f"<p><m>{item}</m><s>{spine}</s></p>"

    yield "path-out-of-the-book.epub", epub(chapter("../../../../etc/passwd"), {"../../etc/passwd": b"x"})
    yield "chapter-a-million-times.epub", epub(chapter("a.html", 1_000_000), {"a.html": b"<p>words"})
    yield "zip-bomb.epub", epub(chapter("a.html"), {"a.html": bytes(300 * _MB)})
    yield "entity-bomb.epub", epub(f"{LAUGHS}]><x>&a11;</x>")
    yield "page-of-62-mb.epub", epub(chapter("a.html"), {"a.html": b"<p>word " * (62 * _MB // 8)})
    yield "no-chapters.epub", epub("<p/>")
    locked = {"a.html": b"\x01", "META-INF/encryption.xml": b'<CipherReference URI="a.html"/>'}
    yield "locked.epub", epub(chapter("a.html"), locked)
