"""The words that dictation expects of a persona: names and terms of its documents, and the owner's own."""

from killah.audio.dictation.vocabulary import Term, mine, own_words
from killah.persona import blends, english, russian
from killah.persona.personas import path_of
from killah.persona.store import Store

MOST = 500  # mined words
MOST_WORDS = 300_000  # read at most: passages evenly taken from a larger persona; half a second


def terms(persona: str | None, *, most: int = MOST) -> list[Term]:
    """The owner's words, then at most `most` of a persona or a blend; none of one that is not in use.

    Raises `KillahError` where the owner's list or the persona is damaged.
    """
    return own_words().joined(mine(_texts(persona), share, most=most))


def share(word: str) -> float:
    """Which share of running text a word (lower case) makes up in its language."""
    cyrillic = "а" <= word[:1] <= "я"
    return russian.expected_share(word) if cyrillic else english.expected_share(word)


def _texts(persona: str | None) -> list[str]:
    """Passages of each part of it that is there and not paused."""
    if persona is None or not blends.usable(persona):
        return []
    texts: list[str] = []
    for each in blends.parse(persona):
        with Store.open(path_of(each)) as store:
            if store.setting("paused") is None:
                passages = store.texts()
                every = 1 + store.counts()["words"] // MOST_WORDS
                texts += [text for text, _ in passages[::every]]
    return texts
