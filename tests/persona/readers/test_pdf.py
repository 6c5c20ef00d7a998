import pytest
from fpdf import FPDF

from killah.persona.readers import Unreadable
from killah.persona.readers.pdf import read
from tools.documents import FORMATS
from tools.hostile.pdf import pdf_objects, pdf_stream


def text(data):
    return read(data).text


PARAGRAPHS = [
    "The suburb of Saffron Park lay on the sunset side of London, as red and ragged as a cloud of sunset. It "
    "was built of a bright brick throughout; its skyline was fantastic, and even its ground plan was wild.",
    "More especially this attractive unreality fell upon it about nightfall, when the extravagant roofs were "
    "dark against the afterglow and the whole insane village seemed as separate as a drifting cloud.",
]


def test_lines_of_a_page_become_the_paragraphs_they_were():
    data = FORMATS["pdf"]("Saffron Park", PARAGRAPHS, "A. Writer")
    assert text(data).split("\n\n") == ["Saffron Park", *PARAGRAPHS]


def test_running_heads_and_page_numbers_are_left_out():
    pdf = FPDF(format=(148, 210))
    pdf.set_font("Times", size=11)
    words = "This line of the novel is as long as the lines of this novel are,"
    for number in (1, 2, 3):
        pdf.add_page()
        for line in (f"My Novel, chapter {number}", words, f"and ends on page {number}.", str(number)):
            pdf.cell(text=line, new_x="LMARGIN", new_y="NEXT")
    assert text(bytes(pdf.output())).split("\n\n") == [
        f"{words} and ends on page {number}." for number in (1, 2, 3)
    ]


def test_an_encrypted_file_says_so():
    pdf = FPDF()
    pdf.set_encryption(owner_password="owner", user_password="user")
    pdf.add_page()
    with pytest.raises(Unreadable, match="needs a password"):
        text(bytes(pdf.output()))


def test_a_file_locked_against_printing_only_is_read():
    pdf = FPDF()
    pdf.set_encryption(owner_password="owner")
    pdf.add_page()
    pdf.set_font("Times", size=11)
    pdf.cell(text="Open to read.")
    assert text(bytes(pdf.output())) == "Open to read."


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"hello", "not a PDF"), (b"%PDF-1.7\n", "broken PDF"), (b"%PDF-1.7\ntrailer <<", "broken PDF")],
)
def test_broken_files_say_so(data, reason):
    with pytest.raises(Unreadable, match=reason):
        text(data)


def test_a_stream_that_unpacks_to_far_more_than_a_page_is_refused():
    font = b"/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R%s>>" % font
    pages, catalog = b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"<</Type/Catalog/Pages 2 0 R>>"
    words = pdf_objects(catalog, pages, page, pdf_stream(b"BT /F 9 Tf (words) Tj ET"))
    assert text(words) == "words"
    with pytest.raises(Unreadable, match="Limit reached while decompressing"):
        text(pdf_objects(catalog, pages, page, pdf_stream(b" " * (200 << 20))))
