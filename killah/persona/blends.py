"""Several personas at once: `saki=0.7,wells=0.3` wherever one persona's name is taken."""

import math
import re

from killah.errors import KillahError

_PART = re.compile(r"\s*(?P<name>[^=,]+?)\s*(?:=\s*(?P<weight>[^,=]*?)\s*)?")


def parse(text: str) -> dict[str, float]:
    """Persona names with their shares, which sum to one; a name alone has all.

    A name without a weight counts as one: `saki,wells` is half of each. Raises `KillahError` for a weight
    that is no positive number and for a name that comes twice.
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise _unreadable(text)
        name, weight = match["name"], _number(match["weight"], text)
        if name in found:
            raise KillahError(f"{name!r} is twice in {text!r}.", "Name each persona once.")
        found[name] = weight
    total = sum(found.values())
    return {name: weight / total for name, weight in found.items()}


def shares(weights: dict[str, float], count: int) -> dict[str, int]:
    """`count` things dealt out by weight: each its whole part, the rest by the largest remainder."""
    exact = {name: count * weight for name, weight in weights.items()}
    dealt = {name: int(each) for name, each in exact.items()}
    rest = sorted(exact, key=lambda name: dealt[name] - exact[name])
    for name in rest[: count - sum(dealt.values())]:
        dealt[name] += 1
    return dealt


def _number(text: str | None, whole: str) -> float:
    try:
        weight = 1.0 if text is None else float(text)
    except ValueError as error:
        raise _unreadable(whole) from error
    if not (math.isfinite(weight) and weight > 0):
        raise _unreadable(whole)
    return weight


def _unreadable(text: str) -> KillahError:
    return KillahError(f"{text!r} is no blend of personas.", "Write it as saki=0.7,wells=0.3")
