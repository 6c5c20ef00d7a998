"""A folder of hostile documents, those of plain formats, and what is no file.

`write_hostile` makes a folder of them. Each is small to make and large, deep, endless or untrue to read; the
sizes are those at which a reader without limits takes minutes or gigabytes.
"""

import base64
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path

from tools.documents import FORMATS
from tools.hostile import archives, pdf

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
    yield from archives.word()
    yield from pdf.pdf()
    yield from _pages()
    yield from archives.opendocument()
    yield from archives.books()
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
