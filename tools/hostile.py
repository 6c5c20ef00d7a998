"""Broken and hostile documents of every format: what an index run must survive, named by what they are.

`write_hostile` makes a folder of them. Each is small to make and large, deep, endless or untrue to read; the
sizes are those at which a reader without limits takes minutes or gigabytes.
"""

import base64
import io
import os
import random
import socket
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from fpdf import FPDF

from tools.documents import FORMATS, zipped

_PROSE = ["The boats came in at dawn, and the gulls followed them over the grey water of the harbour."] * 40
_MB = 1 << 20
_CLOSED = ("txt", "md", "rtf", "docx", "pdf", "html", "odt", "epub", "eml", "tex")

Documents = Iterator[tuple[str, bytes]]


def write_hostile(folder: Path) -> list[Path]:
    """Write every hostile document into `folder`, and what is no file but is named like one."""
    made = []
    for name, data in documents():
        path = folder / name
        path.write_bytes(data)
        made.append(path)
    return made + list(not_files(folder))


def documents() -> Documents:
    """Name and content of each hostile document, made one at a time."""
    for ending in _CLOSED:
        yield f"empty.{ending}", b""
        yield f"random-bytes.{ending}", random.Random(1).randbytes(200_000)
        whole = FORMATS[ending]("Harbour", _PROSE, "A. Writer")
        yield f"truncated.{ending}", whole[: len(whole) // 2]
    yield from _text()
    yield from _markdown()
    yield from _rtf()
    yield from _word()
    yield from _pdf()
    yield from _pages()
    yield from _opendocument()
    yield from _books()
    yield from _mail()
    yield from _latex()


def _text() -> Documents:
    yield "nul-bytes.txt", bytes(5 * _MB)
    yield "program.txt", b"\x7fELF\x02\x01\x01\0" + bytes(range(256)) * 400
    yield "picture.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 400
    yield "a-line-of-31-mb.txt", b"word " * (6 * _MB)
    yield "a-word-of-31-mb.txt", b"x" * (31 * _MB)
    yield "dots.txt", b"." * (8 * _MB)
    yield "question-marks.txt", b"? " * (8 * _MB)
    yield "quotation-marks.txt", b'"' * (8 * _MB)
    yield "abbreviations.txt", b"Mr. " * (4 * _MB)
    yield "blank-lines.txt", b"\n" * (20 * _MB)
    yield "short-lines.txt", b"a\n" * (12 * _MB)
    yield "half-a-utf-16-letter.txt", b"\xff\xfe" + "words ".encode("utf-16-le") * 1000 + b"\x00"
    yield "lone-surrogates.txt", b"\xff\xfe" + b"\x00\xd8" * 100_000
    yield "a-letter-with-a-million-accents.txt", ("e" + "\u0301\u0323" * 500_000).encode()
    yield "controls.txt", b"\x1b[31m\x07" * 100_000
    yield "pipes.txt", b"|" * (8 * _MB)
    yield "quoted-lines.txt", b"> \n" * (4 * _MB)
    yield "all-contents.txt", b"Contents\n" * _MB
    yield "all-signatures.txt", b"Best regards,\nA\n" * (_MB // 2)


def _markdown() -> Documents:
    yield "brackets.md", b"[" * _MB
    yield "links.md", b"[a](" * 250_000
    yield "nested-quotations.md", b">" * _MB + b" deep"
    yield "nested-lists.md", b"".join(b" " * (2 * depth) + b"- a\n" for depth in range(3_000))
    yield "emphasis.md", b"*a **b " * 150_000
    yield "backticks.md", b" ".join(b"`" * count for count in range(2_500))
    yield "front-matter-without-end.md", b"---\n" * 500_000
    yield "wide-table.md", b"|a" * 200_000 + b"|\n" + b"|-" * 200_000 + b"|\n"
    yield "entities.md", b"&#x10ffff;&amp" * 200_000
    yield "references.md", b"".join(b"[%d]: a\n" % number for number in range(200_000))


def _rtf() -> Documents:
    yield "nested.rtf", rb"{\rtf1" + b"{" * _MB
    yield "letters-by-number.rtf", rb"{\rtf1\ansi " + rb"\u8364?" * _MB + b"}"
    yield "binary-without-end.rtf", rb"{\rtf1{\pict\bin999999999 " + bytes(range(1, 256)) * 4_000
    yield "unknown-code-page.rtf", rb"{\rtf1\ansi\ansicpg99999 \'ff\'fe}" * 1_000
    yield "commands.rtf", rb"{\rtf1" + rb"\a" * (8 * _MB)
    yield "half-surrogates.rtf", rb"{\rtf1 " + rb"\u-10179?" * 300_000 + b"}"


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
LAUGHS = "<!DOCTYPE x [" + "".join(
    f'<!ENTITY a{n} "{"ha" if not n else f"&a{n - 1};" * 10}">' for n in range(12)
)
_FETCH = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">'


def _word() -> Documents:
    yield "zip-bomb.docx", _docx(bytes(300 * _MB))
    yield "nested-zips.docx", _nested_zips()
    yield "entity-bomb.docx", _docx(f"{LAUGHS}]><w:document {_W}>&a11;</w:document>".encode())
    yield "fetching-entity.docx", _docx(f"{_FETCH}]><w:document {_W}>&a;</w:document>".encode())
    yield "untrue-size.docx", _docx(bytes(_MB)).replace(_MB.to_bytes(4, "little"), (99).to_bytes(4, "little"))
    yield "really-a-pdf.docx", FORMATS["pdf"]("Harbour", _PROSE, "")
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


def _pdf() -> Documents:
    font = b"/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<<%s>>>>" % font
    pages, catalog = b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"<</Type/Catalog/Pages 2 0 R>>"
    yield "page-that-is-its-parent.pdf", pdf_objects(catalog, b"<</Type/Pages/Kids[2 0 R]/Count 9>>")
    yield (
        "200000-references-to-a-page.pdf",
        pdf_objects(
            catalog, b"<</Type/Pages/Kids[" + b"3 0 R " * 200_000 + b"]/Count 200000>>", page, pdf_stream(b"")
        ),
    )
    yield "stream-bomb.pdf", pdf_objects(catalog, pages, page, pdf_stream(b" " * (300 * _MB)))
    yield "three-million-operators.pdf", pdf_objects(catalog, pages, page, pdf_stream(b"q Q " * 1_500_000))
    yield (
        "text-without-end.pdf",
        pdf_objects(catalog, pages, page, pdf_stream(b"BT /F 9 Tf (words) Tj ET " * 700_000)),
    )
    yield "nested-arrays.pdf", pdf_objects(catalog, pages, b"[" * 500_000)
    yield "nested-dictionaries.pdf", pdf_objects(catalog, pages, b"<</A" * 300_000)
    yield (
        "many-filters.pdf",
        pdf_objects(
            catalog,
            pages,
            page,
            b"<</Length 9/Filter[" + b"/FlateDecode" * 50_000 + b"]>>stream\nx\nendstream",
        ),
    )
    itself = b"/Resources<<%s/XObject<</A 4 0 R>>>>" % font
    form = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]%s/Length 5>>stream\n/A Do\nendstream" % itself
    drawn = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R%s>>" % itself
    yield "form-that-draws-itself.pdf", pdf_objects(catalog, pages, drawn, form)
    yield (
        "length-of-an-exabyte.pdf",
        pdf_objects(catalog, pages, page, b"<</Length 999999999999999999>>stream\nBT\n"),
    )
    yield "reference-to-itself.pdf", pdf_objects(b"1 0 R", b"2 0 R")
    yield (
        "table-before-itself.pdf",
        b"%PDF-1.4\nxref\n0 1\n0000000000 65535 f \ntrailer<</Prev 9/Size 1>>\nstartxref\n9\n%%EOF",
    )
    yield "numbers-without-end.pdf", b"%PDF-1.4\n" + b"1 0 obj " * _MB
    yield "names.pdf", b"%PDF-1.4\n1 0 obj<<" + b"/A/B" * _MB + b">>endobj trailer<</Root 1 0 R>>"
    locked = FPDF()
    locked.set_encryption(owner_password="owner", user_password="user")
    locked.add_page()
    yield "encrypted.pdf", bytes(locked.output())
    yield "really-text.pdf", b"Just words."


def pdf_objects(*bodies: bytes) -> bytes:
    """A PDF of these objects, numbered from 1, with a table that tells truly where they stand."""
    out = bytearray(b"%PDF-1.4\n")
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    for number, body in enumerate(bodies, 1):
        table += b"%010d 00000 n \n" % len(out)
        out += b"%d 0 obj%s\nendobj\n" % (number, body)
    trailer = b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF" % (len(bodies) + 1, len(out))
    return bytes(out) + table + trailer


def pdf_stream(content: bytes) -> bytes:
    """A compressed stream object of a PDF."""
    packed = zlib.compress(content, 9)
    return b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed)


def _pages() -> Documents:
    yield "unclosed-divs.html", b"<div>" * _MB
    yield "unclosed-tables.html", b"<table><tr><td>" * 500_000
    yield "unclosed-quotations.html", b"<blockquote>a" * _MB
    yield "unclosed-comments.html", b"<!--" * (4 * _MB)
    yield "unclosed-script.html", b"<script>" + b"a = '<' + b; " * (2 * _MB)
    yield "unclosed-attribute.html", b'<a href="' * _MB
    yield "angle-brackets.html", b"<" * (4 * _MB)
    yield "tags-in-tags.html", b"<a " * _MB
    yield "ampersands.html", b"&" * (8 * _MB)
    yield "attributes.html", b"<a" + b" b=c" * _MB + b">"
    yield "declarations.html", b"<!a" * _MB + b"<?b" * _MB
    yield "wrongly-nested.html", b"<nav><table><tr></nav><td></table></tr>" * 100_000
    yield "quadratic-charset.html", b"<meta charset=idna>" + b"a.b-" * 200_000
    yield "charset-that-is-no-text.html", b"<meta charset=zlib>words"
    yield "end-tags.html", b"</p>" * (2 * _MB)


def _opendocument() -> Documents:
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


def _books() -> Documents:
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


def _mail() -> Documents:
    nested = (b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(10_000))
    yield "10000-parts-in-parts.eml", b"".join(nested)
    head = b"From: a@b.org\nContent-Type: multipart/mixed; boundary=b\n\n"
    yield "100000-parts.eml", head + b"--b\n\nwords\n" * 100_000
    yield "messages-in-messages.eml", b"From: a@b.org\nContent-Type: message/rfc822\n\n" * 10_000
    yield "header-of-20-mb.eml", b"From: a@b.org\nSubject: " + b"x" * (20 * _MB) + b"\n\nwords"
    yield "a-million-headers.eml", b"A: b\n" * _MB + b"\nwords"
    yield "encoded-words.eml", b"From: " + b"=?utf-8?q?=" * 500_000 + b"\n\nwords"
    yield "parameters.eml", b"Content-Type: text/plain; " + b'a="b; ' * 300_000 + b"\n\nwords"
    yield "broken-base64.eml", b"From: a@b.org\nContent-Transfer-Encoding: base64\n\n" + b"=a" * (4 * _MB)
    yield (
        "broken-quoted-printable.eml",
        (b"From: a@b.org\nContent-Transfer-Encoding: quoted-printable\n\n" + b"=" * (8 * _MB)),
    )
    yield "unknown-charset.eml", b"From: a@b.org\nContent-Type: text/plain; charset=undefined\n\nwords\xff"
    page = base64.b64encode(b"<div>" * 3_000_000)
    yield "page-of-tags.eml", b"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n" + page
    yield "encrypted.eml", b"From: a@b.org\nContent-Type: multipart/encrypted; boundary=b\n\n--b\n\nx"


def _latex() -> Documents:
    yield (
        "macros-that-call-themselves.tex",
        rb"\newcommand{\a}{\a\a}\def\b{\b\b}\begin{document}\a\b" * 100_000,
    )
    yield (
        "macro-a-million-times.tex",
        rb"\newcommand{\a}{" + b"word " * 19 + rb"}\begin{document}" + rb"\a " * 4_000_000,
    )
    yield "braces.tex", b"\\a" + b"{" * (8 * _MB)
    yield "unclosed-labels.tex", rb"\label{" * _MB
    yield "unclosed-listings.tex", rb"\begin{verbatim}" * 500_000
    yield "dollars.tex", b"\\a" + b"$a " * (4 * _MB)
    yield "backslashes.tex", b"\\" * (8 * _MB)
    yield "unclosed-notes.tex", rb"\footnote{a" * 500_000


def not_files(folder: Path) -> Iterator[Path]:
    """Pipes, sockets, folders, loops and names that are documents by name only."""
    sparse = folder / "3-gb-of-nothing.txt"
    sparse.touch()
    os.truncate(sparse, 3 << 30)
    (folder / "folder.txt").mkdir()
    os.mkfifo(folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(folder)  # a socket's path may have 107 bytes only
        try:
            server.bind("socket.txt")
        finally:
            os.chdir(here)
    (folder / "link-to-itself.txt").symlink_to("link-to-itself.txt")
    (folder / "link-to-the-folder").symlink_to(folder)
    (folder / "link-to-nothing.md").symlink_to("nothing.md")
    strange = [os.fsencode(folder) + b"/not-utf-8-\xff.txt", os.fsencode(folder) + b"/\x1b[31mred\n.txt"]
    for name in strange:
        with Path(os.fsdecode(name)).open("wb") as file:
            file.write(b"words")
    names = ["3-gb-of-nothing.txt", "pipe.txt", "socket.txt", "link-to-itself.txt", "link-to-the-folder"]
    yield from (folder / name for name in (*names, "link-to-nothing.md"))
    yield from (Path(os.fsdecode(name)) for name in strange)
