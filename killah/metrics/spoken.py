"""Text as it is spoken: what two transcripts are compared by, and what a model of words is built from.

Lower case; no accents (but й stays й); apostrophes only inside words, always '; hyphens and all other
punctuation are spaces; whole numbers from 0 to 100 that stand alone are words, Russian ones in text with
Cyrillic letters. Everything else, "1815" or "3.5", keeps its digits.
"""

import re
import unicodedata

_ENGLISH = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen",
    "twenty thirty forty fifty sixty seventy eighty ninety",
    "one hundred",
)
_RUSSIAN = (
    "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать"
    " четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать",
    "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто",
    "сто",
)
_BREVE = "\u0306"  # over и it makes another letter, й
_ACCENTED = re.compile(r"(?<![иИ])[\u0300-\u036f]+|(?<=[иИ])[\u0300-\u0305\u0307-\u036f]+")
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ′`´", "'"))
_NUMBER = re.compile(r"(?<![\w.,:])\d{1,3}(?![\w]|[.,:]\d)")
_OUTSIDE = re.compile(r"[^\w']|_|(?<!\w)'|'(?!\w)")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")


def spoken(text: str) -> str:
    """`text` as words with one space between them.

    >>> spoken("“Don’t—it’s 21!” said Zoë.")
    "don't it's twenty one said zoe"
    """
    plain = _plain(text.translate(_APOSTROPHES)).lower()
    tables = _RUSSIAN if _CYRILLIC.search(plain) else _ENGLISH
    counted = _NUMBER.sub(lambda match: _number(match[0], *tables), plain)
    return " ".join(_OUTSIDE.sub(" ", counted).split())


def _plain(text: str) -> str:
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _ACCENTED.sub("", unicodedata.normalize("NFKD", text)))


def _number(digits: str, small: str, tens: str, hundred: str) -> str:
    value = int(digits)
    if value > 100 or digits != str(value):
        return digits
    if value == 100:
        return hundred
    words = small.split()
    if value < len(words):
        return words[value]
    ten = tens.split()[value // 10 - 2]
    return f"{ten} {words[value % 10]}" if value % 10 else ten
