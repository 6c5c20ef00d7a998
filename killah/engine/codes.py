"""Control codes: what kind of text it is to be, said in a few tokens before it (CTRL, Keskar et al. 2019).

A code is a special token that the base was trained with, as its card says, or soft tokens that were tuned for
it on the frozen base (Lester et al. 2021) and are in the adapter `codes`. Either works with every task and
every persona.
"""

from collections.abc import Collection, Mapping, Sequence

from killah.engine.prompt import Slot, SoftToken
from killah.errors import KillahError
from killah.gemma.tokenizer import Tokenizer

GENRES = ("story", "essay", "article", "letter", "dialogue", "poem", "news", "email")
REGISTERS = ("formal", "plain", "informal", "archaic")
CODES = (*GENRES, *REGISTERS)


def known(own: Collection[str], soft: Collection[str], tokenizer: Tokenizer) -> list[str]:
    """The codes that a model can be given: the base's `own`, and those with soft tokens."""
    return [code for code in CODES if code in soft or (code in own and tokenizer.find(f"<{code}>"))]


def slots(
    codes: Sequence[str],
    own: Collection[str],
    soft: Mapping[str, Sequence[SoftToken]],
    model: str,
    tokenizer: Tokenizer,
) -> list[Slot]:
    """What stands in a prompt for `codes`. Raises `KillahError` for one unknown, untrained or twice there."""
    there = known(own, soft, tokenizer)
    listed = f"knows: {', '.join(there)}." if there else "knows none."
    for code in codes:
        if code not in CODES:
            raise KillahError(f"There is no control code {code!r}.", f"{model} {listed}")
        if code not in there:
            raise KillahError(f"{model} was not trained with the control code {code!r}.", f"It {listed}")
    if len(set(codes)) < len(codes):
        raise KillahError("A control code is named twice.", "Name each once.")
    return [slot for code in codes for slot in soft.get(code) or [tokenizer.id(f"<{code}>")]]
