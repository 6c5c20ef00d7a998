"""Personas to choose from, and what each has to offer; kinds of text to choose from."""

from collections.abc import Mapping, Sequence

from killah.adapters import personal
from killah.persona import blends, personas

NOBODY = "-"  # no persona's name begins so
NOTHING = "-"  # nor does a control code


def offers(model: str, current: str) -> dict[str, str]:
    """Answers for a question: every persona and blend, with what is known of it for a base model."""
    trained = personal.trained()
    found = {NOBODY: "Nobody" + _mark(not current)}
    for each in personas.summaries():
        marks = [each.counts["problem"]] if "problem" in each.counts else []
        marks += ["indexed"] if each.counts.get("documents") else []
        marks += ["trained"] if model in trained.get(each.name, []) else []
        found[each.name] = f"{each.name} · {', '.join(marks) or 'empty'}{_mark(each.name == current)}"
    for name, weights in blends.kept().items():
        mixed = ", ".join(f"{share:.0%} {persona}" for persona, share in weights.items())
        found.setdefault(name, f"{name} · {mixed}{_mark(name == current)}")
    return found


def kinds(codes: Mapping[str, str], current: Sequence[str]) -> dict[str, str]:
    """Answers for a question: every control code (code -> its kind), those in use marked."""
    found = {NOTHING: "Nothing in particular" + _mark(not current)}
    return found | {code: f"{code} · {kind}{_mark(code in current)}" for code, kind in codes.items()}


def taken(codes: Mapping[str, str], current: Sequence[str], code: str) -> tuple[str, ...]:
    """The control codes in use after `code` was chosen: one of each kind, none where it was there already."""
    if code == NOTHING:
        return ()
    others = [each for each in current if codes.get(each) != codes[code]]
    return tuple(others if code in current else sorted([*others, code], key=list(codes).index))


def _mark(now: bool) -> str:
    return " ✓" if now else ""
