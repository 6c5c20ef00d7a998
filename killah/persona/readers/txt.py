"""Plain text in any encoding.

Order: byte order mark, strict UTF-8, UTF-16 without a mark, Cyrillic by letter frequency, Western European,
and only then charset-normalizer, which is wrong on short Cyrillic and on French and German.
"""

import codecs
import re
from dataclasses import replace

from killah.persona.readers import Unreadable, clean
from killah.persona.readers._lines import unwrap
from killah.persona.voice import Prose, own

MAX_BYTES = 32 << 20

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16: its mark begins with the same two bytes
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_DEFAULTS = ("ascii", "iso8859-1", "cp1252", "iso8859-15", "utf-16", "utf-16-le", "utf-16-be")
_SAMPLE = 1 << 16  # bytes that decide about an encoding
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_CYRILLIC = ("cp1251", "koi8-r", "cp866", "mac-cyrillic")
_CYRILLIC_WORD = re.compile(r"[А-Яа-яЁёІіЇїЄєҐґЎў]+")
_WORD = re.compile(r"\w+")
_COMMON = frozenset("оеаинтсрвлкмдпу")  # 15 letters, three quarters of running Russian
_PUNCTUATION = frozenset("‘’“”„«»–—…№\xa0")
_WESTERN = frozenset("àâäáãåæçéèêëíìîïñóòôöõøœßúùûüÿÀÂÄÁÅÆÇÉÈÊËÎÏÑÓÔÖØÚÙÛÜŒ‘’“”„«»–—…€£§°·•\xa0")


def read(data: bytes) -> Prose:
    """Paragraphs of a plain text file. Raises `Unreadable` for binary data."""
    prose = own(clean(decode(data)))
    return replace(prose, text=unwrap(prose.text))


def decode(data: bytes) -> str:
    """Bytes to text. Raises `Unreadable` where they are not text."""
    for mark, name in _MARKS.items():
        if data.startswith(mark):
            return _strictly(data, name)
    if b"\0" in data:
        return _strictly(data, _utf16_order(data))
    sample = data[:_SAMPLE]
    if len(_CONTROL.findall(sample)) > len(sample) / 100:
        raise Unreadable("not text but binary data")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(_guess(sample), "replace")


def declared(data: bytes, name: str | None) -> str:
    """Bytes to text where the document names its encoding.

    A Western name is not believed: many programs write it as their default over letters of any alphabet.
    """
    try:
        codec = codecs.lookup(name or "").name
    except (LookupError, ValueError):
        return decode(data)
    if codec in _DEFAULTS or data.startswith(tuple(_MARKS)):
        return decode(data)
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError):  # LookupError: a codec such as "hex" that gives no text
        return decode(data)


def _strictly(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        raise Unreadable("not text but binary data") from error


def _utf16_order(data: bytes) -> str:
    """UTF-16 without a mark: in text of any alphabet its zero bytes stand at every second place only."""
    even, odd = data[:_SAMPLE:2].count(0), data[1:_SAMPLE:2].count(0)
    if len(data) % 2 == 0 and max(even, odd) > 20 * min(even, odd) and even + odd > len(data[:_SAMPLE]) / 20:
        return "utf-16-be" if even > odd else "utf-16-le"
    raise Unreadable("not text but binary data")


def _guess(sample: bytes) -> str:
    """The likeliest one-byte encoding of bytes that are not UTF-8."""
    score, name = max((_russian(sample.decode(name, "replace")), name) for name in _CYRILLIC)
    if score > 0.5:
        return name
    high = [character for character in sample.decode("cp1252", "replace") if character > "\x7f"]
    if sum(character in _WESTERN for character in high) >= 0.9 * len(high):
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    if best is None:
        raise Unreadable("its text encoding cannot be told")
    return best.encoding


def _russian(text: str) -> float:
    """How much like Russian, up to 1: words of Cyrillic letters alone, in lower case, of common letters."""
    high = sum(character > "\x7f" and character not in _PUNCTUATION for character in text)
    if not high:
        return 0.0
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    whole = sum(map(len, filter(_CYRILLIC_WORD.fullmatch, words)))
    odd_capitals = sum(letter.isupper() for word in words for letter in word[1:])
    common = sum(letter in _COMMON for word in words for letter in word.lower())
    return (whole + common - odd_capitals) / (2 * high)
