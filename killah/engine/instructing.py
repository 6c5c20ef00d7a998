"""Rewriting instructions put to an engine: in the style of its adapter that is meant, checked where possible.

A base does what its adapters were trained for. What was asked for and is none of it is told, not attempted.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from killah.audio.commands import Command
from killah.errors import KillahError

SHORTER = 0.9  # of a text's length, which a shorter one has at most
AGAIN = 3  # times that a text is asked for which is not the old one: each is drawn anew
TRIES = ("short", "plain", "polished")  # styles a shorter text is looked for in, one after the other


class Rewriter(Protocol):
    """`killah.engine.Engine` is one."""

    def styles(self, task: str) -> list[str]:
        """What `style` of `rewrite` may be, the usual one first."""
        ...

    def rewrite(self, task: str, text: str, *, style: str = "") -> Iterable[str]:
        """What becomes of `text`, in pieces."""
        ...


def style_of(command: Command, known: Sequence[str]) -> str:
    """The style that is meant, of those known. Raises `KillahError` for one that the model was not taught."""
    if not command.value:
        return known[0] if known else ""
    if command.value in known:
        return command.value
    raise KillahError(
        f"The model has not learned to do this: {command.said}.",
        f"It can rewrite in these styles: {', '.join(known)}." if known else "Take another base model.",
    )


def rewritten(engine: Rewriter, command: Command, text: str) -> str:
    """`text` as the instruction wants it. Raises `KillahError` where no task of the engine does that."""
    if command.name == "summarise":
        return "".join(engine.rewrite("summarise", text)).strip()
    known = engine.styles("rephrase")
    if command.value == "short":
        return _shorter(engine, text, [style for style in TRIES if style in known])
    style = style_of(command, known)
    for _ in range(AGAIN):
        found = "".join(engine.rewrite("rephrase", text, style=style)).strip()
        if found not in ("", text.strip()):
            return found
    raise KillahError("The model would leave this as it is.", "Say it again, or rewrite it by hand.")


def _shorter(engine: Rewriter, text: str, styles: Sequence[str]) -> str:
    for style in styles:
        found = "".join(engine.rewrite("rephrase", text, style=style)).strip()
        if found and len(found) <= SHORTER * len(text):
            return found
    raise KillahError("The model found nothing shorter.", "Say it again, or shorten it by hand.")
