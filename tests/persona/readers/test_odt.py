import pytest

from killah.persona.readers import Unreadable
from killah.persona.readers.odt import read
from tools.documents import zipped

NAMES = ("office", "text", "table", "style")
SPACES = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in NAMES)
MIME = b"application/vnd.oasis.opendocument.text"


def odt(body: str, styles: str = "", **parts: bytes) -> bytes:
    content = (
        f"<office:document-content {SPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    return zipped({"mimetype": MIME, "content.xml": content.encode(), **parts})


def test_paragraphs_spaces_and_notes():
    body = (
        "<text:h>Глава</text:h><text:p>Один<text:s text:c='2'/>два<text:tab/>три<text:line-break/>четыре"
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Сноска.</text:p>"
        "</text:note-body></text:note><text:span>, пять</text:span>.</text:p>"
    )
    assert read(odt(body)).text == "Глава\n\nСноска.\n\nОдин  два\tтри\nчетыре, пять."


def test_deleted_text_and_comments_are_not_taken():
    body = (
        "<text:tracked-changes><text:p>gone</text:p></text:tracked-changes><text:p>Kept"
        "<office:annotation><text:p>comment</text:p></office:annotation>.</text:p>"
    )
    prose = read(odt(body))
    assert (prose.text, prose.left_out) == ("Kept.", {})


def test_tables_indexes_quotations_and_code_are_counted():
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    row = f"<table:table-row>{cell.format('a')}{cell.format('b c')}</table:table-row>"
    body = (
        f"<table:table>{row}{row}</table:table>"
        "<text:table-of-content><text:p>One 1</text:p></text:table-of-content>"
        "<text:bibliography><text:p>A book</text:p></text:bibliography>"
        '<text:p text:style-name="P1">Not mine.</text:p>'
        '<text:p text:style-name="Preformatted_20_Text">x = f(1);</text:p><text:p>Mine.</text:p>'
    )
    prose = read(odt(body, '<style:style style:name="P1" style:parent-style-name="Quotations"/>'))
    assert prose.text == "Mine."
    assert prose.left_out == {
        "tables": 6,
        "tables of contents": 2,
        "references": 2,
        "quotations": 2,
        "code": 3,
    }


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"not a zip", "broken OpenDocument text"),
        (odt("<text:p>cut"), "broken OpenDocument text"),
        (odt("")[:80], "broken OpenDocument text"),
        (
            zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<a/>"}),
            "not an",
        ),
        (zipped({"x": b""}), "not an OpenDocument text"),
        (odt("", **{"META-INF/manifest.xml": b"<manifest:encryption-data>"}), "encrypted"),
        (
            zipped({"content.xml": b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'}),
            "declares entities",
        ),
    ],
)
def test_broken_files_say_what_they_are(data, reason):
    with pytest.raises(Unreadable, match=reason):
        read(data)


def test_a_million_spaces_are_written_in_a_few_bytes_and_stay_few():
    assert len(read(odt("<text:p>a<text:s text:c='999999999'/>b</text:p>")).text) < 200
