"""Writes prose as .txt, .md, .rtf, .docx and .pdf: what the samples and the index benchmark are made with.

The same text gives the same bytes on every run (no clock, no machine name in the files). RTF is written
by hand, .docx by python-docx, .pdf by fpdf2 with a core font, which is why text must fit Windows-1252.
"""

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
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


FORMATS: dict[str, Callable[[str, list[str], str], bytes]] = {
    "txt": _txt,
    "md": _md,
    "docx": _docx,
    "rtf": _rtf,
    "pdf": _pdf,
}


def write_document(path: Path, title: str, paragraphs: list[str], author: str = "") -> None:
    """Write `paragraphs` under `title` in the format that the ending of `path` names."""
    path.write_bytes(FORMATS[path.suffix.lstrip(".")](title, paragraphs, author))
