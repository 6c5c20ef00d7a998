import pytest

from killah.persona.readers import Unreadable
from killah.persona.readers.rtf import read


def text(data):
    return read(data).text


def test_escapes_and_code_pages_give_the_letters():
    assert text(rb"{\rtf1\ansi\ansicpg1252 \'93Caf\'e9\'94 \u8212? {\b bold}\par Next.}").split("\n\n")[
        :2
    ] == [
        "“Café” — bold",
        "Next.",
    ]
    assert text(rb"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8\'e2\'e5\'f2}").strip() == "Привет"


def test_an_emoji_written_as_two_halves_is_one_character():
    assert text(rb"{\rtf1\ansi \u-10179?\u-8704? ok}").strip() == "😀 ok"


def test_pictures_and_styles_are_not_text():
    data = rb"{\rtf1\ansi{\stylesheet{\s0 Normal;}}{\*\generator Word;}{\pict\wmetafile8 0102030405}Words.}"
    assert text(data).strip() == "Words."


def test_another_file_named_rtf_is_refused():
    with pytest.raises(Unreadable, match="not an RTF"):
        text(b"just text")
