"""Personas to choose from, and what each has to offer."""

from killah.adapters import personal
from killah.persona import blends, personas

NOBODY = "-"  # no persona's name begins so


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


def _mark(now: bool) -> str:
    return " ✓" if now else ""
