from email.message import EmailMessage

import pytest

from killah.persona.readers import Unreadable
from killah.persona.readers.eml import read

WORDS = "Привет! Завтра, если не будет дождя, мы поедем на море."


def plain(text: str, charset: str, encoding: str) -> bytes:
    message = EmailMessage()
    message["From"] = "Анна <anna@example.ru>"
    message.set_content(text, charset=charset, cte=encoding)
    return message.as_bytes()


@pytest.mark.parametrize("charset", ["utf-8", "cp1251", "koi8-r", "cp866"])
@pytest.mark.parametrize("encoding", ["quoted-printable", "base64", "8bit"])
def test_a_message_is_read_in_any_charset_and_encoding(charset, encoding):
    assert read(plain(WORDS, charset, encoding)).text.strip() == WORDS


def test_a_charset_that_is_wrong_or_unknown_is_not_believed():
    for charset in ("us-ascii", "iso-8859-1", "x-unknown", "hex"):
        kind = f"Content-Type: text/plain; charset={charset}\n"
        head = f"From: a@b.org\n{kind}Content-Transfer-Encoding: 8bit\n\n"
        assert read(head.encode() + WORDS.encode("cp1251")).text.strip() == WORDS


def test_of_alternatives_the_plain_one_is_read_and_attachments_are_not():
    message = EmailMessage()
    message["From"] = "a@b.org"
    message.set_content("Plain words.")
    message.add_alternative("<p>HTML words.</p>", subtype="html")
    message.add_attachment("Attached words.", filename="a.txt")
    message.add_attachment(message.__class__())
    assert read(message.as_bytes()).text.strip() == "Plain words."


def test_an_html_only_message_is_read_and_its_quotation_counted():
    message = EmailMessage()
    message["From"] = "a@b.org"
    message.set_content(
        '<div>Yes, gladly.</div><div class="gmail_quote"><div>On Mon Ann wrote:</div><blockquote>Shall we?'
        '</blockquote></div><div class="gmail_signature">Bob</div>',
        subtype="html",
    )
    prose = read(message.as_bytes())
    assert (prose.text, prose.left_out) == ("Yes, gladly.", {"quoted replies": 6, "signatures": 1})


def test_a_reply_below_in_outlooks_manner_is_left_out():
    body = "Yes, gladly.\n\nFrom: Ann <a@b.org>\nSent: Monday\nTo: Bob\nSubject: Sea\n\nShall we go?\n"
    prose = read(plain(body, "utf-8", "8bit"))
    assert prose.text.strip() == "Yes, gladly."
    assert prose.left_out == {"quoted replies": 12}


def test_flowed_lines_are_joined_and_others_stay():
    head = b"From: a@b.org\nContent-Type: text/plain; format=flowed\n\n"
    assert read(head + b"One \ntwo\nthree.\n-- \nBob\n").text.strip() == "One two\nthree."


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"Just some words.", "not an e-mail message"),
        (b"\x00\x01\x02", "not an e-mail message"),
        (b"From: a@b.org\nContent-Type: multipart/encrypted; boundary=x\n\n--x\n\nA\n--x--", "encrypted"),
        (b"From: a@b.org\nContent-Type: application/pkcs7-mime\n\nAAAA", "encrypted"),
    ],
)
def test_what_is_no_readable_message_says_so(data, reason):
    with pytest.raises(Unreadable, match=reason):
        read(data)


def test_parts_nested_without_end_are_broken_not_fatal():
    head = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5_000))
    with pytest.raises(Unreadable, match="nested too deep"):
        read(head)
