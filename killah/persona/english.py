"""What is ordinary in English: its function words, and how frequent a word is in general.

Frequencies need no list of our own: the vocabulary of the packaged embedding model is written in order of
frequency, and Zipf's law makes a share of a rank.
"""

from functools import cache
from math import log

from killah.errors import KillahError
from killah.persona.embedding import find

_RANKED_BY = "all-MiniLM-L6-v2"
_UNRANKED = 20_000  # words that are not in a vocabulary are about this rare

FUNCTION_WORDS = frozenset(
    """
    a about above across after again against all almost along already also although always am among an and
    another any anybody anyone anything are around as at away back be became because become been before
    being below beside between beyond both but by came can cannot come could did do does doing done down
    during each either else enough even ever every everybody everyone everything except few first for from
    get give go goes going gone got had has have having he her here hers herself him himself his how however
    i if in indeed instead into is it its itself just last least less let like made make many may me mere
    merely might mine more most much must my myself near nearly neither never no nobody none nor not nothing
    now of off often on once one only onto or other others ought our ours ourselves out over own perhaps
    quite rather really said same say says see seem seemed seems several shall she should since so some
    somebody someone something sometimes still such than that the their theirs them themselves then there
    therefore these they thing things this those though three through throughout thus till to together too
    took toward towards two under until up upon us use used very was way we well went were what whatever
    when where whether which while who whole whom whose why will with within without would yes yet you your
    yours yourself ain't aren't can't couldn't didn't doesn't don't hadn't hasn't haven't he'd he'll he's
    i'd i'll i'm i've isn't it'd it'll it's let's mustn't shan't she'd she'll she's shouldn't that's there's
    they'd they'll they're they've wasn't we'd we'll we're we've weren't what's who's won't wouldn't you'd
    you'll you're you've
    """.split()
)

# A phrase that begins or ends with one of these is cut in its middle.
NO_START = frozenset("the a an of to and".split())
NO_END = NO_START | frozenset("his her my their in is was that".split())


def expected_share(word: str) -> float:
    """The share of running English text that `word` (lower case) makes up, by Zipf's law."""
    ranks = _ranks()
    return 1 / (ranks.get(word, _UNRANKED) * log(_UNRANKED))


@cache
def _ranks() -> dict[str, int]:
    """Word -> place in order of frequency, from 1. Empty without the packaged model: all words equal then."""
    try:
        vocabulary = (find(_RANKED_BY) / "vocab.txt").read_text("utf-8").split("\n")
    except (KillahError, OSError):
        return {}
    # Single letters but these two come first in it as parts of words.
    whole = [entry for entry in vocabulary if entry.isalpha() and (len(entry) > 1 or entry in "ai")]
    return {word: place for place, word in enumerate(whole, 1)}
