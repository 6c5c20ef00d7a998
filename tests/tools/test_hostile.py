"""A quick part of `python -m tools.bench hostile`: what must be over at once, whatever the machine."""

import pytest

from killah.persona.parsing import Parser
from killah.persona.readers import Unreadable, format_of
from killah.persona.scanning import scan
from tools.documents import FORMATS, zipped
from tools.hostile import archives, documents, pdf

ENTITIES = archives.LAUGHS + "]><x>&a11;</x>"
QUICK = {
    "nul.txt": (bytes(1 << 20), "binary"),
    "elf.md": (b"\x7fELF\x02\x01\x01\0" + bytes(range(256)) * 4, "binary"),
    "cut.docx": (FORMATS["docx"]("A", ["B"], "")[:500], "broken Word"),
    "pdf.docx": (FORMATS["pdf"]("A", ["B"], ""), "broken Word"),
    "entities.docx": (zipped({"word/document.xml": ENTITIES.encode()}), "entities"),
    "entities.odt": (zipped({"content.xml": ENTITIES.encode()}), "entities"),
    "entities.epub": (zipped({"META-INF/container.xml": ENTITIES.encode()}), "entities"),
    "ole.docx": (b"\xd0\xcf\x11\xe0" + bytes(512), "encrypted"),
    "loop.pdf": (
        pdf.pdf_objects(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R]/Count 9>>"),
        "cyclic",
    ),
    "nested.eml": (
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1_000)),
        "nested too deep",
    ),
    "text.rtf": (b"Just words.", "not an RTF"),
    "text.tex": (b"Just words.", "not a LaTeX"),
}
# Strange, and yet documents: they are read, in time.
READ = {
    "divs.html": b"<div>" * 20_000 + b"Words.",
    "tables.html": b"<table><tr><td>" * 10_000 + b"Nine words in one cell are not a table. Words.",
    "comments.html": b"Words." + b"<!--" * 100_000,
    "accents.txt": ("e" + "\u0301\u0323" * 2_000 + " words.").encode(),
    "braces.tex": b"\\em " + b"{" * 100_000 + b"Words.",
    "macros.tex": rb"\newcommand{\a}{\a\a}\begin{document}\a Words.",
    "header.eml": b"Subject: " + b"x" * 1_000_000 + b"\n\nWords.",
    "marks.txt": b'"' * 100_000 + b" words.",
}


def test_each_is_one_reason_or_read_and_the_worker_stays(tmp_path):
    with Parser() as parser:
        (tmp_path / "healthy.txt").write_text("Three healthy words.")
        assert parser.read(str(tmp_path / "healthy.txt"), "txt").words == 3
        worker = parser.worker_pid
        for name, (data, reason) in QUICK.items():
            (tmp_path / name).write_bytes(data)
            with pytest.raises(Unreadable, match=reason):
                parser.read(str(tmp_path / name), format_of(name))
        for name, data in READ.items():
            (tmp_path / name).write_bytes(data)
            document = parser.read(str(tmp_path / name), format_of(name))
            assert "ords." in document.chunks[-1], name
        assert parser.worker_pid == worker


def test_what_is_no_file_is_named_or_has_nothing_to_name(tmp_path):
    made = list(documents.not_files(tmp_path))
    found = scan([tmp_path])
    named = {each.path for each in found.skipped} | set(found.files)
    assert {str(path) for path in made} <= named
