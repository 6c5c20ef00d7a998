"""Writes prose in every format Killah reads: what the samples and the index benchmarks are made with.

The same text gives the same bytes on every run (no clock, no machine name in the files). .docx is written by
python-docx, .pdf by fpdf2 with a core font, which is why text must fit Windows-1252; the others by hand.
"""

import html
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def _txt(title: str, paragraphs: list[str], author: str) -> bytes:
    heading = f"{title}\n{author}".strip()
    return ("\n\n".join([heading, *paragraphs]) + "\n").encode()


def _md(title: str, paragraphs: list[str], author: str) -> bytes:
    front = f'---\ntitle: "{title}"\nauthor: "{author}"\n---\n'
    return (front + "\n\n".join([f"\n# {title}", *paragraphs]) + "\n").encode()


def _rtf(title: str, paragraphs: list[str], author: str) -> bytes:
    head = r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\froman Georgia;}}"
    info = rf"{{\info{{\title {_rtf_text(title)}}}{{\author {_rtf_text(author)}}}}}"
    lines = [rf"\pard\b\fs32 {_rtf_text(title)}\b0\fs24\par"]
    lines += [rf"\pard\fi360 {_rtf_text(paragraph)}\par" for paragraph in paragraphs]
    return "\r\n".join([head + info, *lines, "}"]).encode("ascii")


def _rtf_text(text: str) -> str:
    out = []
    for character in text:
        if character in "\\{}":
            out.append("\\" + character)
        elif character == "\n":
            out.append(r"\line ")
        elif ord(character) < 128:
            out.append(character)
        else:
            out.append("".join(rf"\'{byte:02x}" for byte in character.encode("cp1252")))
    return "".join(out)


def _docx(title: str, paragraphs: list[str], author: str) -> bytes:
    from docx import Document

    document = Document()
    document.core_properties.author = author
    document.core_properties.title = title
    document.core_properties.created = document.core_properties.modified = _EPOCH
    document.add_heading(title, level=1)
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    made = io.BytesIO()
    document.save(made)
    return _without_clock(made)


def _without_clock(archive: io.BytesIO) -> bytes:
    """The same zip archive with every entry dated 1980, the zip format's own zero."""
    out = io.BytesIO()
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(zipfile.ZipInfo(entry.filename), old.read(entry), zipfile.ZIP_DEFLATED, 9)
    return out.getvalue()


def _pdf(title: str, paragraphs: list[str], author: str) -> bytes:
    from fpdf import FPDF

    pdf = FPDF(format=(148, 210))  # A5, millimetres
    pdf.core_fonts_encoding = "windows-1252"
    pdf.set_creation_date(_EPOCH)
    pdf.set_title(title)
    pdf.set_author(author)
    pdf.add_page()
    pdf.set_font("Times", "B", 15)
    pdf.multi_cell(0, 8, title, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Times", size=11)
    for paragraph in paragraphs:
        pdf.multi_cell(0, 5.5, paragraph, align="J", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(2.5)
    return bytes(pdf.output())


def _html(title: str, paragraphs: list[str], author: str) -> bytes:
    return _page(
        title, paragraphs, f'<meta charset="utf-8"><meta name="author" content="{html.escape(author)}">'
    )


def _page(title: str, paragraphs: list[str], head: str) -> bytes:
    body = [f"<h1>{html.escape(title)}</h1>", *(f"<p>{html.escape(text)}</p>" for text in paragraphs)]
    return f"<html><head>{head}</head><body>\n{chr(10).join(body)}\n</body></html>\n".encode()


def _odt(title: str, paragraphs: list[str], _author: str) -> bytes:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text")
    )
    body = f"<text:h>{html.escape(title)}</text:h>"
    body += "".join(f"<text:p>{html.escape(text)}</text:p>" for text in paragraphs)
    content = (
        f"<office:document-content {spaces}><office:body><office:text>{body}</office:text></office:body>"
    )
    return zipped(
        {
            "mimetype": b"application/vnd.oasis.opendocument.text",
            "content.xml": f"{content}</office:document-content>".encode(),
        }
    )


def _epub(title: str, paragraphs: list[str], _author: str) -> bytes:
    container = '<container><rootfiles><rootfile full-path="book/book.opf"/></rootfiles></container>'
    item = '<item id="one" href="one.xhtml" media-type="application/xhtml+xml"/>'
    package = f'<package><manifest>{item}</manifest><spine><itemref idref="one"/></spine></package>'
    return zipped(
        {
            "mimetype": b"application/epub+zip",
            "META-INF/container.xml": container.encode(),
            "book/book.opf": package.encode(),
            "book/one.xhtml": _page(title, paragraphs, '<meta charset="utf-8"/>'),
        }
    )


def zipped(parts: dict[str, bytes]) -> bytes:
    """A zip archive of `parts` by name."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)
    return made.getvalue()


def _eml(title: str, paragraphs: list[str], author: str) -> bytes:
    message = EmailMessage()
    message["Subject"] = title
    message["From"] = Address(author, "writer", "example.org")
    message["Date"] = _EPOCH
    message.set_content("\n\n".join([title, *paragraphs]) + "\n", cte="quoted-printable")
    return message.as_bytes()


def _tex(title: str, paragraphs: list[str], author: str) -> bytes:
    head = rf"\documentclass{{article}}\author{{{_tex_text(author)}}}\begin{{document}}"
    body = [rf"\section{{{_tex_text(title)}}}", *map(_tex_text, paragraphs)]
    return "\n\n".join([head, *body, r"\end{document}"]).encode()


def _tex_text(text: str) -> str:
    return "".join(_TEX.get(character, character) for character in text)


_TEX = {"\\": r"\textbackslash{}"} | {sign: "\\" + sign for sign in "{}%&$#_"}

FORMATS: dict[str, Callable[[str, list[str], str], bytes]] = {
    "txt": _txt,
    "md": _md,
    "docx": _docx,
    "rtf": _rtf,
    "pdf": _pdf,
    "html": _html,
    "odt": _odt,
    "epub": _epub,
    "eml": _eml,
    "tex": _tex,
}


def write_document(path: Path, title: str, paragraphs: list[str], author: str = "") -> None:
    """Write `paragraphs` under `title` in the format that the ending of `path` names."""
    path.write_bytes(FORMATS[path.suffix.lstrip(".")](title, paragraphs, author))
