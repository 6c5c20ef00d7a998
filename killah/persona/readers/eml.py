"""E-mail messages, through the standard library: what their writer wrote, no quotations, no attachments."""

import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import getaddresses

from killah.persona.readers import Unreadable, clean, html
from killah.persona.readers._blocks import Blocks
from killah.persona.readers._lines import unwrap
from killah.persona.readers.txt import declared
from killah.persona.voice import Prose, own

MAX_BYTES = 64 << 20

_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:From |>?[!-9;-~]{1,80}:)")
_FLOWED = re.compile(r"(?<=\S) \n(?![>\s])")
_MOST_PARTS = 1_000
_HEADERS = 1 << 16  # bytes that are looked at for them


def read(data: bytes) -> Prose:
    """Paragraphs of the message itself. Raises `Unreadable` for what is no message, or an encrypted one."""
    if not _HEADER.match(data[:200]):
        raise Unreadable("not an e-mail message")
    try:
        message = message_from_bytes(data, policy=compat32)
    except RecursionError as error:
        raise Unreadable("broken e-mail message (its parts are nested too deep)") from error
    parts = [_text(part) for part in _bodies(message)]
    texts = [part.text for part in parts if part.text.strip()]
    left_out = sum((part.left_out for part in parts), start=Prose("").left_out)
    return Prose("\n\n".join(texts), left_out)


def people(data: bytes) -> tuple[str, list[str]]:
    """Who wrote a message, and everybody who takes part in it, by its headers; a list's readers do not."""
    headers = BytesHeaderParser(policy=compat32).parsebytes(data[:_HEADERS])
    named = ("From",) if headers["List-Id"] else ("From", "To", "Cc", "Delivered-To")
    found = {name: _addresses(headers, name) for name in named}
    return next(iter(found["From"]), ""), sorted({each for own in found.values() for each in own})


def _addresses(headers: Message, name: str) -> list[str]:
    values = [str(value) for value in headers.get_all(name, [])]
    return [address.lower() for _, address in getaddresses(values) if "@" in address]


def _bodies(message: Message) -> Iterator[Message]:
    """Parts that are the message's text, in order: of alternatives the plain one, no attachment."""
    waiting, seen = [message], 0
    while waiting and (seen := seen + 1) <= _MOST_PARTS:
        part = waiting.pop()
        kind = part.get_content_type()
        if kind in ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"):
            raise Unreadable("encrypted e-mail message")
        if part.get_content_maintype() == "multipart":
            below = [each for each in part.get_payload() if isinstance(each, Message)]
            waiting += reversed(_best(below) if kind == "multipart/alternative" else below)
        elif kind in ("text/plain", "text/html") and not _is_attachment(part):
            yield part


def _best(parts: list[Message]) -> list[Message]:
    """One of several parts that say the same: plain text, or what comes nearest to it."""
    kinds = [part.get_content_type() for part in parts]
    for kind in ("text/plain", "multipart/related", "multipart/mixed", "text/html"):
        if kind in kinds:
            return [parts[kinds.index(kind)]]
    return parts[:1]


def _is_attachment(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or part.get_filename() is not None


def _text(part: Message) -> Prose:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    charset = part.get_content_charset()
    if part.get_content_type() == "text/html":
        blocks = Blocks()
        html.page(declared(payload, charset) if charset else html.decode(payload), blocks)
        return blocks.prose(is_mail=True)
    prose = own(clean(declared(payload, charset)), is_mail=True)
    if str(part.get_param("format", "")).lower() == "flowed":
        return replace(prose, text=_FLOWED.sub(" ", prose.text))
    return replace(prose, text=unwrap(prose.text))
