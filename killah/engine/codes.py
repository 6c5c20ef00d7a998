"""Control codes: what kind of text it is to be, said in one token before it (CTRL, Keskar et al. 2019).

A code is a special token of the base. It means something only where it was trained: in the base, or in the
persona LoRA, whose cards say which.
"""

from collections.abc import Collection, Sequence

from killah.errors import KillahError
from killah.gemma.tokenizer import Tokenizer

GENRES = ("story", "essay", "article", "letter", "dialogue", "poem", "news", "email")
REGISTERS = ("formal", "plain", "informal", "archaic")
CODES = (*GENRES, *REGISTERS)


def token(code: str) -> str:
    """The special token of a code."""
    return f"<{code}>"


def check(codes: Sequence[str], trained: Collection[str], model: str, tokenizer: Tokenizer) -> list[str]:
    """The tokens of `codes`, in order. Raises `KillahError` for one unknown, untrained or twice there."""
    known = [code for code in CODES if code in trained and tokenizer.find(token(code)) is not None]
    listed = f"It knows: {', '.join(known)}." if known else "It knows none."
    for code in codes:
        if code not in CODES:
            raise KillahError(f"There is no control code {code!r}.", f"{model}: {listed}")
        if code not in known:
            raise KillahError(f"{model} was not trained with the control code {code!r}.", listed)
    if len(set(codes)) < len(codes):
        raise KillahError("A control code is named twice.", "Name each once.")
    return [token(code) for code in codes]
