"""What a word is to ghost text, and when its first word is right.

A word is a run of letters and digits with the white space before it; apostrophes and hyphens inside or
in front belong to it (don't, well-known, and 't where the caret stands in the middle of don't). Any other
run of punctuation is a word of its own, so that "house." and "house," agree in their first word.
"""

import re

WORD = re.compile(r"\s*(?:['’-]?\w+(?:['’-]\w+)*|[^\w\s]+)")


def first_word(text: str) -> str:
    """The first word of `text` with the white space before it; empty where there is none."""
    match = WORD.match(text)
    return match[0] if match else ""


def words(text: str) -> list[str]:
    """All words of `text`, each with the white space before it; they join to `text` less its last space."""
    return WORD.findall(text)


def first_word_matches(suggestion: str, rest: str) -> bool:
    """Whether `suggestion` and `rest`, the text that follows the caret, begin with the same word.

    Exact: case, white space and quotes count. In the middle of a word, what is left of it is the word.
    """
    wanted = first_word(rest)
    return bool(wanted) and first_word(suggestion) == wanted
