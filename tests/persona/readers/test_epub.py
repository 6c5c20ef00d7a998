import pytest

from killah.persona.readers import Unreadable
from killah.persona.readers.epub import read
from tools.documents import zipped

CONTAINER = (
    b'<?xml version="1.0"?><container><rootfiles><rootfile full-path="OEBPS/a.opf"/></rootfiles></container>'
)


def epub(chapters: dict[str, bytes], extra: dict[str, bytes] | None = None) -> bytes:
    """Chapters by href, in reading order."""
    items = "".join(
        f'<item id="i{n}" href="{href}" media-type="application/xhtml+xml"/>'
        for n, href in enumerate(chapters)
    )
    items += '<item id="nav" properties="nav" href="nav.xhtml" media-type="application/xhtml+xml"/>'
    spine = "".join(f'<itemref idref="i{n}"/>' for n in reversed(range(len(chapters))))
    package = f'<package><manifest>{items}</manifest><spine><itemref idref="nav"/>{spine}</spine></package>'
    parts = {
        "META-INF/container.xml": CONTAINER,
        "OEBPS/a.opf": package.encode(),
        "OEBPS/nav.xhtml": b"<p>Nav",
    }
    return zipped(parts | {f"OEBPS/{href}": page for href, page in chapters.items()} | (extra or {}))


def test_chapters_are_read_in_the_order_of_the_spine():
    pages = {
        "c2.xhtml": "<h1>Два</h1><p>Вторая.</p>".encode(),
        "c%201.xhtml": "<?xml version='1.0' encoding='windows-1251'?><p>Первая глава начинается "
        "здесь.</p>".encode("cp1251"),
    }
    book = epub(pages, {"OEBPS/c 1.xhtml": pages["c%201.xhtml"]})
    assert read(book).text == "Первая глава начинается здесь.\n\nДва\n\nВторая."


def test_contents_copyright_page_and_epigraph_are_counted():
    page = (
        b'<nav epub:type="toc">One</nav><section epub:type="copyright-page"><p>All mine</p></section>'
        b'<div epub:type="epigraph"><p>Said another.</p></div><p>I say.</p>'
    )
    prose = read(epub({"a.xhtml": page}))
    assert prose.text == "I say."
    assert prose.left_out == {"tables of contents": 1, "licence text": 2, "quotations": 2}


def test_a_path_out_of_the_archive_leads_nowhere(tmp_path):
    (tmp_path / "secret.xhtml").write_text("<p>secret</p>")
    for href in ("../../../../../../etc/passwd", str(tmp_path / "secret.xhtml"), "file:///etc/passwd"):
        prose = read(epub({href: b"", "a.xhtml": b"<p>Mine.</p>"}))
        assert prose.text == "Mine."


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"x", "broken EPUB"),
        (zipped({"a": b""}), "not an EPUB"),
        (zipped({"META-INF/container.xml": CONTAINER}), "broken EPUB"),
        (epub({}), "no chapters"),
        (
            epub({"a.xhtml": b""}, {"META-INF/encryption.xml": b'<CipherReference URI="OEBPS/a.xhtml"/>'}),
            "its seller has locked it",
        ),
    ],
)
def test_broken_books_say_what_they_are(data, reason):
    with pytest.raises(Unreadable, match=reason):
        read(data)


def test_chapters_that_are_small_one_by_one_are_a_bomb_together():
    chapters = {f"{n}.xhtml": b" " * (33 << 20) for n in range(2)}
    with pytest.raises(Unreadable, match="zip bomb"):
        read(epub(chapters))
