import io
import zipfile

import pytest

from killah.persona.readers import Unreadable
from killah.persona.readers._archive import MAX_TEXT_BYTES
from killah.persona.readers.docx import read


def text(data):
    return read(data).text


SPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def docx(body: str | bytes, name: str = "word/document.xml") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, body)
    return made.getvalue()


def word(body: str) -> bytes:
    return docx(f"<w:document {SPACE}><w:body>{body}</w:body></w:document>")


def paragraph(inside: str) -> str:
    return f"<w:p>{inside}</w:p>"


def run(words: str) -> str:
    return f"<w:r><w:t>{words}</w:t></w:r>"


def test_paragraphs_tabs_and_breaks():
    body = paragraph(run("One") + "<w:r><w:tab/><w:t>two</w:t><w:br/><w:t>three</w:t></w:r>") + paragraph(
        run("Four")
    )
    assert text(word(body)) == "One\ttwo\nthree\n\nFour"


def test_tracked_insertions_and_content_controls_are_read_and_deletions_are_not():
    body = paragraph(
        f"<w:ins>{run('kept ')}</w:ins><w:sdt><w:sdtContent>{run('too')}</w:sdtContent></w:sdt>"
        "<w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:instrText>PAGE</w:instrText></w:r>"
    )
    assert text(word(body)).strip() == "kept too"


def test_what_word_writes_twice_for_old_readers_is_read_once():
    space = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    choice = f"<mc:Choice>{run('box')}</mc:Choice><mc:Fallback>{run('box')}</mc:Fallback>"
    assert (
        text(word(paragraph(f"<mc:AlternateContent {space}>{choice}</mc:AlternateContent>"))).strip() == "box"
    )


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    with pytest.raises(Unreadable, match="zip bomb"):
        text(docx(b" " * (MAX_TEXT_BYTES + 1)))


def test_a_bomb_that_lies_about_its_size_is_broken():
    honest = docx(b" " * (1 << 20))
    size = (1 << 20).to_bytes(4, "little")
    with pytest.raises(Unreadable, match="broken Word document"):
        text(honest.replace(size, (100).to_bytes(4, "little")))


def test_entities_are_refused():
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    with pytest.raises(Unreadable, match="entities"):
        text(docx(f"{laughs}<w:document {SPACE}/>"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"not a zip", "broken Word document"),
        (word(paragraph(run("cut off")))[:60], "broken Word document"),
        (docx("<w:document"), "broken Word document"),
        (docx("x", name="other.xml"), "not a Word document"),
    ],
)
def test_broken_files_say_what_they_are(data, reason):
    with pytest.raises(Unreadable, match=reason):
        text(data)
