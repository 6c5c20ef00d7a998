"""What a persona is trained on: its writer's documents or conversations, as rows, and what is held out.

A unit is a document or a conversation, or a section of a long one. It is trained on, validated on or tested
on as a whole: two halves of a letter know of each other what no new letter would.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from killah import paths
from killah.errors import KillahError
from killah.persona import personas, suggestions
from killah.persona.chunks import chunks
from killah.persona.indexing import refuse_paused
from killah.persona.parsing import read_ahead
from killah.persona.readers import Unreadable, formats
from killah.persona.scanning import Skipped, scan
from killah.persona.store import Store
from killah.training.data import FORMS

TOGETHER = 2  # passages of a document that make a row
SECTIONS = 20  # that a text should have at least, to hold some of it out
HELD_OUT = 0.1  # of all words, to test on, and as many to validate on

Row = dict[str, Any]
Unit = list[Row]


@dataclass(frozen=True)
class Split:
    """Units to learn from, to stop by, and to be judged by."""

    train: list[Unit]
    valid: list[Unit]
    test: list[Unit]

    def write(self, folder: Path) -> None:
        """As train.jsonl, valid.jsonl and test.jsonl, private. Raises `KillahError`."""
        for name in ("train", "valid", "test"):
            lines = (json.dumps(row, ensure_ascii=False) for row in chain(*getattr(self, name)))
            paths.write_private(folder / f"{name}.jsonl", "".join(f"{line}\n" for line in lines))

    @property
    def digest(self) -> str:
        """What is learned and what is held out, as one name."""
        return blake2b(json.dumps([self.train, self.valid, self.test]).encode(), digest_size=16).hexdigest()


@dataclass
class Writing:
    """Units as they were found, where they come from, and files that could not be read."""

    units: list[Unit]
    source: str
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def words(self) -> int:
        """Words of the writer's own."""
        return sum(words(unit) for unit in self.units)


def own(row: Row) -> str:
    """What the writer wrote of a row: not what was asked."""
    if "messages" in row:
        return "\n\n".join(m["content"] for m in row["messages"] if m["role"] in ("assistant", "model"))
    return next(row[key] for key in ("output", "completion", "text") if key in row)


def words(unit: Unit) -> int:
    """Words of the writer's own in a unit."""
    return sum(len(own(row).split()) for row in unit)


def of_paths(given: Sequence[Path]) -> Writing:
    """Conversations of .jsonl files, and documents of all other files and folders.

    Raises `KillahError` for a line that is no row, and where there is nothing at all.
    """
    conversations = [path for path in given if path.suffix == ".jsonl"]
    documents = [path for path in given if path.suffix != ".jsonl"]
    writing = Writing([], ", ".join(path.name or str(path) for path in given))
    for path in conversations:
        writing.units += _rows(path)
    if documents:
        _read_documents(documents, writing)
    if not writing.units:
        reasons = "; ".join(map(str, writing.skipped[:3])) or "nothing to read"
        raise KillahError(f"Nothing was read: {reasons}.", f"Killah reads {', '.join(sorted(formats()))}.")
    return writing


def of_index(name: str) -> Writing:
    """The passages of an indexed persona, a unit a document.

    Raises `KillahError` where there are none, and where its owner has paused it.
    """
    with Store.open(personas.existing(name)) as store:
        refuse_paused(store)
        found = [list(each) for _, each in groupby(store.texts(), itemgetter(1))]
    if not found:
        raise KillahError(f"The persona {name!r} has no passages.", "Add some: killah index FOLDER")
    return Writing([_unit([text for text, _ in each]) for each in found], f"the index of {name}")


def of_suggestions(name: str) -> Writing:
    """What the writer made of ghost text: behind its context, what stood there in the end.

    Of suggestions made on the way through the same words only the first is taken; a unit is a day's.
    Raises `KillahError` where the journal has none of this persona.
    """
    days: dict[str, Unit] = {}
    last = None
    for each in suggestions.read(name):
        if not each.written.strip() or (last and _overlaps(last, each)):
            continue
        last = each
        day = datetime.fromtimestamp(each.time, UTC).date().isoformat()
        row = {"prompt": each.context, "completion": each.written, "ends": False}
        days.setdefault(day, []).append(row)
    if not days:
        raise KillahError(
            f"The journal has no suggestions made to {name!r}.",
            "Write with it first: killah write --persona " + name,
        )
    return Writing(list(days.values()), "the journal of suggestions")


def _overlaps(first: suggestions.Suggestion, second: suggestions.Suggestion) -> bool:
    """Whether the second was made inside what was written at the first."""
    seen = first.context + first.written
    return any(seen[:end].endswith(second.context[-40:]) for end in range(len(first.context), len(seen)))


def split(writing: Writing, least: int) -> Split:
    """Hold a tenth of the words out to test on, and a tenth to validate on, by whole units.

    The order is by content: the same writing is always split alike. Raises `KillahError` where there are
    less than `least` words.
    """
    total = writing.words
    if total < least:
        raise KillahError(
            f"{total:,} words are too few to learn a writer from.",
            f"It takes at least {least:,}; with fewer, the passages of killah index serve better.",
        )
    longest = max(1, total // SECTIONS)
    units = sorted(chain.from_iterable(_sections(unit, longest) for unit in writing.units), key=_digest)
    test = _take(units, HELD_OUT * total)
    valid = _take(units, HELD_OUT * total)
    if not units or not test or not valid:
        raise KillahError(
            f"{writing.source} is one piece that cannot be divided.", "Give several documents or rows."
        )
    return Split(units, valid, test)


def _take(units: list[Unit], count: float) -> list[Unit]:
    """Move units from the end of the list until they have `count` words."""
    taken: list[Unit] = []
    while units and sum(map(words, taken)) < count:
        taken.append(units.pop())
    return taken


def _sections(unit: Unit, longest: int) -> Iterator[Unit]:
    """A unit cut between rows, where it has more than `longest` words."""
    section: Unit = []
    for row in unit:
        section.append(row)
        if words(section) >= longest:
            yield section
            section = []
    if section:
        yield section


def _digest(unit: Unit) -> bytes:
    return blake2b(json.dumps(unit, sort_keys=True).encode(), digest_size=16).digest()


def _unit(passages: Sequence[str]) -> Unit:
    """Rows of a document: neighbouring passages together."""
    return [{"text": "\n\n".join(passages[at : at + TOGETHER])} for at in range(0, len(passages), TOGETHER)]


def _read_documents(given: Iterable[Path], writing: Writing) -> None:
    found = scan(given)
    writing.skipped += found.skipped
    outcomes = read_ahead(list(found.files.values()), {}, None)
    for file, outcome in outcomes:
        if isinstance(outcome, Unreadable):
            writing.skipped.append(Skipped(file.path, str(outcome)))
        elif outcome is not None and outcome.chunks:
            writing.units.append(_unit(outcome.chunks))


def _rows(path: Path) -> Iterator[Unit]:
    """Each line of a file a unit. Raises `KillahError` that names the first bad one."""
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except OSError as error:
        raise KillahError(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise KillahError(f"{path} is not UTF-8 text.", f"It should hold JSON lines: {FORMS}.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _parsed(line)
        if reason := _problem(row):
            raise KillahError(f"Line {number} of {path} {reason}.", f"A row is {FORMS}.")
        if own(row).strip():
            yield _unit(chunks(row["text"])) if _form(row) == ["text"] else [row]


_ROWS = (["messages"], ["instruction", "output"], ["prompt", "completion"], ["text"])


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _form(row: Row) -> list[str]:
    return next((form for form in _ROWS if all(key in row for key in form)), [])


def _problem(row: Any) -> str:
    """What is wrong with a row, as the end of a sentence; "" where nothing is."""
    if not isinstance(row, dict) or not (form := _form(row)):
        return "is no row of text or conversation"
    if form == ["messages"]:
        return "" if _is_dialogue(row["messages"]) else "has messages without role and content"
    wrong = next((key for key in (*form, "input") if not isinstance(row.get(key, ""), str)), None)
    return f"has {wrong} that is no text" if wrong else ""


def _is_dialogue(messages: Any) -> bool:
    return isinstance(messages, list) and all(
        isinstance(m, dict) and isinstance(m.get("role"), str) and isinstance(m.get("content"), str)
        for m in messages
    )
