"""What a question asks about: the words that carry its meaning, compared without their endings.

Words are compared by stems, cut by rule in English and Russian; irregular forms stand for their base, for who
asks "where did I leave the keys" has written "I left the keys".
"""

import re
from functools import cache
from math import log

from killah.persona import english, russian

SHORTEST = 3  # letters that a stem keeps
COMMON, RARE = 3.0, 11.0  # nats: what the commonest and the rarest word that carries meaning tells

# Words that only say that something is asked of the documents.
_FRAME = re.compile(
    r"(?:(?:please|so|and|well|hey|okay|ok|killah)[, ]+)*"
    r"(?:(?:can|could|would) you (?:please )?(?:tell me|find|look up|remind me)(?: (?:what|about|that))?"
    r"|(?:do you know|tell me|remind me|find out|look up)(?: about)?"
    r"|(?:what|where) (?:do|does|did|have) (?:i|(?:my|the) (?:notes?|documents?|files?))"
    r" (?:say|said|write|written|wrote)(?: down)? (?:about|on|of)"
    r"|(?:скажи|напомни|найди|расскажи)(?:те)?(?: мне)?(?:,? пожалуйста)?(?:,? (?:о|об|про|что))?"
    r"|что (?:я|у меня) (?:писал|писала|написал|написала|написано) (?:о|об|про)) ",
    re.IGNORECASE,
)
_IRREGULAR = """
    begin began begun, bite bit bitten, blow blew blown, break broke broken, bring brought, build built, burn
    burnt, buy bought, catch caught, choose chose chosen, deal dealt, dig dug, draw drew drawn, drink drank
    drunk, drive drove driven, eat ate eaten, fall fell fallen, feed fed, feel felt, fight fought, find found,
    fly flew flown, forget forgot forgotten, forgive forgave forgiven, freeze froze frozen, grow grew grown,
    hang hung, hear heard, hide hid hidden, hold held, keep kept, know knew known, lay laid, lead led, leave
    left, lend lent, lose lost, mean meant, meet met, pay paid, ride rode ridden, ring rang rung, rise rose
    risen, run ran, sell sold, send sent, shake shook shaken, shine shone, shoot shot, show shown, sing sang
    sung, sink sank sunk, sit sat, sleep slept, speak spoke spoken, spend spent, stand stood, steal stole
    stolen, stick stuck, strike struck, swear swore sworn, swim swam swum, teach taught, tear tore torn, tell
    told, think thought, throw threw thrown, understand understood, wake woke woken, wear wore worn, win won,
    write wrote written, child children, foot feet, man men, mouse mice, person people, tooth teeth, woman
    women
"""
_BASES = {form: base for base, *forms in map(str.split, _IRREGULAR.split(",")) for form in (base, *forms)}
_FORMS = {base: [form for form, of in _BASES.items() if of == base] for base in set(_BASES.values())}

_TOKEN = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+(?:['’\-][^\W_]+)*")
_ENGLISH_ENDING = re.compile(r"(?:'s|ings?|edly|ed|(?<=s|x|h|z)es|(?<!s)s|ly|e)$")
_RUSSIAN_ENDING = re.compile(
    r"(?:[аиыя]ми|[оеё]го|[оеё]му|[аяоеиы]х|[аяоеиыь]м|[оеё]в|ий|ый|ой|ей|ая|яя|ое|ее|ые|ие|ую|юю"
    r"|л[аио]?|т[ьи]|ешь|ишь|[еуюия]т|[аеёиоуыьэюяй])(?:с[ья])?$"
)


def asked(question: str) -> str:
    """`question` without what only says that it is one for the documents."""
    plain = " ".join(question.split())
    frame = _FRAME.match(plain)
    rest = plain[frame.end() :] if frame else plain
    return rest if content(rest) else plain


def content(text: str) -> list[str]:
    """The words of `text` that carry meaning, lower case, in order, each once; numbers too."""
    found = [word.lower().replace("’", "'") for word in _TOKEN.findall(text)]
    return list(dict.fromkeys(w for w in found if not _is_function(w) and (len(w) > 1 or w.isdigit())))


def stems(text: str) -> frozenset[str]:
    """The stems of all that `content` finds."""
    return frozenset(map(stem, content(text)))


@cache
def stem(word: str) -> str:
    """A word in lower case without its ending; irregular forms give the stem of their base."""
    word = _BASES.get(word, word).replace("ё", "е")
    if len(word) > SHORTEST + 1 and word.endswith(("ies", "ied")):
        return word[:-3] + "y"
    ending = _RUSSIAN_ENDING if word[-1:] > "я" or "а" <= word[-1:] <= "я" else _ENGLISH_ENDING
    cut = ending.sub("", word)
    if len(cut) < SHORTEST:
        return word
    if len(cut) > SHORTEST and cut[-1] == cut[-2] and cut[-1] not in "lsz":
        return cut[:-1]  # stopped, planned
    return cut


def forms(word: str) -> list[str]:
    """What to look for in a full-text index: the word's irregular forms, else its stem as a beginning."""
    if word in _BASES:
        return [f'"{form}"' for form in _FORMS[_BASES[word]]]
    root = stem(word)
    return [
        f'"{root.removesuffix("y") if len(root) > SHORTEST else root}" *' if word.isalpha() else f'"{word}"'
    ]


@cache
def weight(word: str) -> float:
    """How much a word tells, in nats: minus the log of its share of running text."""
    module = russian if "а" <= word[0] <= "я" else english
    return min(max(-log(module.expected_share(word)), COMMON), RARE)


def coverage(question: list[str], there: frozenset[str]) -> float:
    """How much of what a question's words tell is in `there` (stems), 0 to 1; 1 for a question of none."""
    total = sum(map(weight, question))
    return sum(weight(word) for word in question if stem(word) in there) / total if total else 1.0


def _is_function(word: str) -> bool:
    return word in english.FUNCTION_WORDS or word in russian.FUNCTION_WORDS
