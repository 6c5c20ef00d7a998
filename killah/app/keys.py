"""Key names, with the names they have on a Russian keyboard layout.

A terminal with the kitty keyboard protocol reports Ctrl+S of that layout as `ctrl+ы`.
"""

LATIN = "qwertyuiopasdfghjklzxcvbnm"
CYRILLIC = "йцукенгшщзфывапролдячсмить"
_ALIAS = dict(zip(LATIN, CYRILLIC, strict=True))


def both(keys: str) -> str:
    """`keys` (comma-separated) and, for each letter pressed with a modifier, its Cyrillic name."""
    names = keys.split(",")
    aliases = [
        f"{modifiers}+{_ALIAS[letter]}"
        for modifiers, _, letter in (name.rpartition("+") for name in names)
        if modifiers and letter in _ALIAS
    ]
    return ",".join(names + aliases)


def letter(key: str) -> str:
    """The letter `key` pressed alone, in either case, and the Cyrillic letter on the same key."""
    return f"{key},{key.upper()},{_ALIAS[key]},{_ALIAS[key].upper()}"
