"""The letters that ear-nano writes, English and Russian, and text reduced to them."""

import re

BLANK, DELIMITER = "<pad>", "|"
LETTERS = (
    BLANK,
    DELIMITER,
    "'",
    *map(chr, range(ord("a"), ord("z") + 1)),
    *map(chr, range(ord("а"), ord("я") + 1)),
)
IDS = {letter: number for number, letter in enumerate(LETTERS)}

_APOSTROPHES = re.compile("[’‘`]")
_ELSE = re.compile("[^'a-zа-я]+")
_LOOSE = re.compile(r"(?<![a-zа-я])'|'(?![a-zа-я])")


def spoken(text: str) -> str:
    """`text` in letters and single spaces. Raises `ValueError` where it has digits or other scripts."""
    plain = _APOSTROPHES.sub("'", text.lower()).replace("ё", "е")
    strange = [letter for letter in plain if (letter.isalpha() and letter not in IDS) or letter.isdigit()]
    if strange or "&" in plain or "$" in plain:
        raise ValueError(f"not to be spelled out in letters: {text!r}")
    return " ".join(_LOOSE.sub(" ", _ELSE.sub(" ", plain)).split())


def encode(text: str) -> list[int]:
    """Ids of a text that `spoken` returned, words joined by the delimiter."""
    return [IDS[DELIMITER if letter == " " else letter] for letter in text]


def vocabulary() -> dict[str, int]:
    """As transformers' `vocab.json` has it."""
    return dict(IDS)
