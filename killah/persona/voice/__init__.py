"""What in a document is not its owner's voice: found by rule, left out, and counted by reason.

Readers mark what their format names (a table, a code block, a quotation); the rules here find the rest in
plain lines, in English and Russian: quoted replies, signatures, licence text, code, tables, references.
Prose has the benefit of every doubt: a rule asks for evidence that stories, verse and letters do not give.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from killah.persona.voice import boilerplate, code, mail, references, tables
from killah.persona.voice.spans import Reason, Span

__all__ = ["Prose", "Reason", "own"]

_SEEN = 600  # characters of a line that the rules look at; longer lines are paragraphs

Rule = Callable[[list[str]], Iterator[Span]]

_MAIL_RULES: tuple[Rule, ...] = (mail.quoted_to_the_end, mail.signature_of_a_mail)
_RULES: tuple[Rule, ...] = (
    boilerplate.gutenberg,
    boilerplate.licences,
    boilerplate.disclaimers,
    mail.quoted,
    mail.forwarded,
    mail.signatures,
    code.code,
    tables.contents,
    tables.tables,
    references.references,
)


@dataclass
class Prose:
    """Paragraphs of a document separated by blank lines, and the words left out of it by reason."""

    text: str
    left_out: Counter[str] = field(default_factory=Counter)


def own(text: str, *, is_mail: bool = False) -> Prose:
    """The owner's own words in `text`; line ends stay, a blank line stands where something was left out.

    `is_mail`: the text is one e-mail message, where the first header of a reply ends what its writer wrote.
    """
    lines = text.split("\n")
    seen = [line[:_SEEN] for line in lines]
    reasons: list[Reason | None] = [None] * len(lines)
    for rule in (*_MAIL_RULES, *_RULES) if is_mail else _RULES:
        for start, end, reason in rule(seen):
            reasons[start:end] = [known or reason for known in reasons[start:end]]
        # A rule sees nothing of what an earlier one took.
        seen = ["" if reason else line for line, reason in zip(seen, reasons, strict=True)]
    left_out = Counter[str]()
    for line, reason in zip(lines, reasons, strict=True):
        if reason and line.strip():
            left_out[reason.value] += len(line.split())
    return Prose(
        "\n".join("" if reason else line for line, reason in zip(lines, reasons, strict=True)), left_out
    )
