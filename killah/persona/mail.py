"""Whose mail it is: of all messages that are read only those that the owner wrote are the owner's voice.

The owner's addresses are those of whoever wrote what lies in a folder for sent mail, and the one that takes
part (From, To, Cc, Delivered-To) in more messages than any other: every message of a mailbox is from or to
its owner, whoever writes most. Messages of mailing lists say nothing by whom they went to. Where neither
tells, as with a single message, all mail counts as the owner's.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from killah.persona.parsing import Limits, Parser
from killah.persona.readers import Unreadable
from killah.persona.scanning import File

SETTING = "addresses"  # of the owner, in the persona's file
FORMAT = "eml"
_SENT = re.compile(r"\b(?:sent|outbox|отправленные|исходящие)\b", re.IGNORECASE)


@dataclass(frozen=True)
class People:
    """Who wrote a message, and all who take part in it; addresses in small letters, "" for nobody."""

    sender: str
    everybody: frozenset[str]


def owners(messages: Iterable[tuple[str, People]]) -> frozenset[str]:
    """The owner's addresses by all messages, (path, people) each; none where they do not tell."""
    messages = list(messages)
    found = {people.sender for path, people in messages if _is_sent(path)}
    parts = Counter(address for _, people in messages for address in people.everybody)
    first, second = ([count for _, count in parts.most_common(2)] + [0, 0])[:2]
    if first > second:
        found |= {address for address, _ in parts.most_common(1)}
    return frozenset(found - {""}) if len(messages) > 1 else frozenset()


def people(files: Iterable[File], limits: Limits | None) -> list[tuple[str, People]]:
    """(path, people) of every message that can be read, by its headers."""
    found = []
    with Parser(limits) as parser:
        for file in files:
            try:
                sender, everybody = parser.people(file.path, file.format)
            except Unreadable:  # the run that reads it says why
                continue
            found.append((file.path, People(sender, frozenset(everybody))))
    return found


def _is_sent(path: str) -> bool:
    return any(_SENT.search(folder) for folder in PurePath(path).parts[:-1])
