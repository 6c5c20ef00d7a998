import pytest

from killah.persona.readers import Unreadable
from killah.persona.readers.txt import read


def text(data):
    return read(data).text


RUSSIAN = "В начале июля, в чрезвычайно жаркое время, под вечер, один молодой человек вышел из своей каморки."
FRENCH = "Longtemps, je me suis couché de bonne heure. À peine ma bougie éteinte, mes yeux se fermaient déjà."
GERMAN = "Über allen Gipfeln ist Ruh, in allen Wipfeln spürest du kaum einen Hauch; die Vögelein schweigen."
POLISH = (
    "Zażółć gęślą jaźń. Litwo, ojczyzno moja, ty jesteś jak zdrowie; ile cię trzeba cenić, ten się dowie." * 4
)


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("ascii", "Plain words."),
        ("utf-8", "“Curly” quotes — and dashes…"),
        ("utf-8-sig", "“Curly” quotes — and dashes…"),
        ("utf-16", "“Curly” quotes — and dashes…"),
        ("utf-16-le", "“Curly” quotes — and dashes…"),
        ("utf-16-be", "“Curly” quotes — and dashes…"),
        ("utf-32", "“Curly” quotes — and dashes…"),
        ("cp1252", "“Curly” quotes — and dashes…"),
        ("utf-8", RUSSIAN),
        ("utf-16-le", RUSSIAN),
        ("cp1251", RUSSIAN),
        ("koi8-r", RUSSIAN),
        ("cp866", RUSSIAN),
        ("mac-cyrillic", RUSSIAN),
        ("cp1251", "Привет, мир"),
        ("latin-1", FRENCH),
        ("latin-1", GERMAN),
        ("cp1252", GERMAN),
        ("cp1250", POLISH),
    ],
)
def test_text_of_any_encoding_is_read_as_it_was_written(encoding, written):
    assert text(written.encode(encoding)) == written


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"\x7fELF\x02\x01\x01\0\0\0",
        bytes(range(1, 32)) * 40,
        b"\xff\xfe\x00\xd8",
    ],
)
def test_binary_data_named_txt_is_refused(data):
    with pytest.raises(Unreadable, match="binary"):
        text(data)


def test_windows_line_ends_and_invisible_characters_are_gone():
    assert text("One\r\ntw\u00ado\u200b.\r\n\r\nThree\ufeff".encode()) == "One\ntwo.\n\nThree"


def test_hard_wrapped_lines_become_paragraphs_and_verse_stays_verse():
    prose = (
        "The Project presents this book in lines of some seventy characters,\n"
        "as people did when terminals were narrow and nobody had thought of\n"
        "wrapping lines by machine; a reader wants the paragraph.\n\n"
        "A second paragraph begins here, after the blank line, and it goes on\n"
        "for two lines."
    )
    assert [paragraph.count("\n") for paragraph in text(prose.encode()).split("\n\n")] == [0, 0]
    verse = "Tyger Tyger, burning bright,\nIn the forests of the night;\nWhat immortal hand or eye,\n"
    assert text(verse.encode()) == verse
