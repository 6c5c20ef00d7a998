"""Several personas at once: `saki=0.7,wells=0.3` wherever one persona's name is taken.

A blend may be kept under a name of its own, in one small file beside the personas.
"""

import math
import re
import tomllib
from pathlib import Path

import tomli_w

from killah import paths
from killah.errors import KillahError
from killah.persona import personas

_PART = re.compile(r"\s*(?P<name>[^=,]+?)\s*(?:=\s*(?P<weight>[^,=]*?)\s*)?")


def parse(text: str) -> dict[str, float]:
    """Persona names with their shares, which sum to one; a name alone has all.

    A name without a weight counts as one: `saki,wells` is half of each. The name of a blend that was kept
    stands for its personas. Raises `KillahError` for a weight
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
    return _shared(_spelt_out(found))


def check(text: str) -> str:
    """`text` if it names personas that are there, alone or blended. Raises `KillahError`."""
    for name in parse(text):
        personas.existing(name)
    return text


def usable(text: str) -> bool:
    """Whether `text` names personas that are all there."""
    try:
        check(text)
    except KillahError:
        return False
    return True


def kept() -> dict[str, dict[str, float]]:
    """Every blend that has a name, with its personas' shares. Raises `KillahError` for a damaged file."""
    try:
        table = tomllib.loads(file().read_text("utf-8"))
        return {
            name: _shared({str(each): float(weight) for each, weight in parts.items()})
            for name, parts in table.items()
        }
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise KillahError(f"Cannot read {file()}: {error.strerror}.") from error
    except (ValueError, TypeError, AttributeError, ZeroDivisionError) as error:
        raise KillahError(f"{file()} is no table of blends.", "Mend or delete it.") from error


def keep(name: str, weights: dict[str, float]) -> None:
    """Keep a blend under a name, in place of an older one.

    Raises `KillahError` for a name that a persona has, that no persona could have, or that reads as a blend.
    """
    personas.path_of(name)
    if name in personas.names():
        raise KillahError(f"There is a persona {name!r}.", "Give the blend another name.")
    paths.write_private(file(), tomli_w.dumps(kept() | {name: weights}))


def drop(name: str) -> bool:
    """Forget a blend that was kept; whether there was one."""
    rest = kept()
    if rest.pop(name, None) is None:
        return False
    paths.write_private(file(), tomli_w.dumps(rest))
    return True


def write(weights: dict[str, float]) -> str:
    """Shares in the form that `parse` reads."""
    return ",".join(f"{name}={share:.3g}" for name, share in weights.items())


def file() -> Path:
    """Where the named blends are."""
    return paths.personas_dir() / "blends.toml"


def shares(weights: dict[str, float], count: int) -> dict[str, int]:
    """`count` things dealt out by weight: each its whole part, the rest by the largest remainder."""
    exact = {name: count * weight for name, weight in weights.items()}
    dealt = {name: int(each) for name, each in exact.items()}
    rest = sorted(exact, key=lambda name: dealt[name] - exact[name])
    for name in rest[: count - sum(dealt.values())]:
        dealt[name] += 1
    return dealt


def _spelt_out(found: dict[str, float]) -> dict[str, float]:
    """Personas in place of the blends that are named, unless a persona has the name."""
    blends = kept()
    weights: dict[str, float] = {}
    for name, weight in found.items():
        parts = blends[name] if name in blends and name not in personas.names() else {name: 1.0}
        for each, share in parts.items():
            weights[each] = weights.get(each, 0.0) + weight * share
    return weights


def _shared(weights: dict[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


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
