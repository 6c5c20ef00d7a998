"""Hostile documents that are PDF."""

import zlib
from collections.abc import Iterator

from fpdf import FPDF

_MB = 1 << 20


def pdf() -> Iterator[tuple[str, bytes]]:
    """Name and content of each .pdf."""
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
