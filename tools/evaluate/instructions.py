"""Instructions in free words: are they told and done, and is real text left alone.

The files are JSON lines as those of commands, with `before` and `after`: the text, with the caret at its end,
and what it becomes; of `select` what is selected, of `go` where the caret is then.
"""

import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from killah.audio.commands import Command, editing
from killah.audio.commands.buffer import Buffer, applied
from killah.audio.commands.grammar import tokens
from killah.audio.commands.tables import LANGUAGES, Language
from killah.audio.dictation.language import understand
from killah.metrics.intervals import Estimate, wilson
from tools.intents.corpora import prose, split

Row = dict[str, Any]
LONGEST = 30  # words of a sentence that is dictated in one breath


def read(files: Iterable[Path]) -> list[Row]:
    """The rows of several files."""
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


def told(row: Row) -> bool:
    """Whether what is asked for is understood."""
    command = understand(row["say"])
    return command is not None and _names(row, command)


def _names(row: Row, command: Command) -> bool:
    """Whether a command is of a row's name, or does the same by another."""
    deletes = command.name == "replace" and command.every and not command.new
    also = "delete" if deletes else "rewrite" if command.name == "rephrase" else ""
    return row["name"] in (command.name, also)


def done(row: Row, command: Command | None) -> bool:
    """Whether a command makes of the text what it ought to."""
    before = row["before"]
    buffer = Buffer(before, (len(before), len(before)))
    change = editing.change(command, buffer, row["language"]) if command and editing.does(command) else None
    if change is None:
        return False
    if row["name"] == "go":
        return change.selection == (row["after"], row["after"])
    if row["name"] == "select":
        return before[slice(*change.selection)] == row["after"]
    return applied(buffer, change).text == row["after"]


def dictated(data: Path, language: Language, most: int, dice: random.Random) -> list[Row]:
    """Sentences by authors that no model here was trained on, without marks, as rows; none without `data`."""
    said = (tokens(sentence) for sentence in split(prose(data, language, held_out=True), 5))
    found = [" ".join(words) for words in said if 1 < len(words) <= LONGEST]
    chosen = dice.sample(found, min(most, len(found)))
    return [{"say": sentence, "language": language, "name": None} for sentence in chosen]


def as_text(rows: list[Row], sentences: dict[Language, list[Row]]) -> dict[str, Estimate | None]:
    """Figures of instructions as they are written: of the model and the rules alone."""
    figures: dict[str, Estimate | None] = {}
    for language in LANGUAGES:
        here = [row for row in rows if row["language"] == language]
        asked = [row for row in here if row["name"]]
        edits = [row for row in asked if "after" in row]
        figures |= {
            f"instructions_told_{language}": share(told(row) for row in asked),
            f"instructions_done_{language}": share(done(row, understand(row["say"])) for row in edits),
            f"false_instructions_of_look_alikes_{language}": _taken(row for row in here if not row["name"]),
            f"false_instructions_of_prose_{language}": _taken(sentences[language]),
        }
    return figures


def spoken(
    rows: list[Row],
    sentences: dict[Language, list[Row]],
    most: int,
    hear: Callable[[Row], list[Command]],
    dice: random.Random,
) -> dict[str, Estimate | None]:
    """Figures of a sample of `most` of each kind as voices say them and the ear hears them."""
    figures: dict[str, Estimate | None] = {}
    for language in LANGUAGES:
        edits = [row for row in rows if row["language"] == language and row["name"] and "after" in row]
        alike = [row for row in rows if row["language"] == language and not row["name"]] + sentences[language]
        heard = [(row, hear(row)) for row in dice.sample(edits, min(most, len(edits)))]
        false = [hear(row) for row in dice.sample(alike, min(most, len(alike)))]
        figures |= {
            f"spoken_instructions_told_{language}": share(
                len(found) == 1 and _names(row, found[0]) for row, found in heard
            ),
            f"spoken_instructions_done_{language}": share(
                len(found) == 1 and done(row, found[0]) for row, found in heard
            ),
            f"spoken_false_instructions_{language}": share(map(bool, false)),
        }
    return figures


def share(values: Iterable[bool]) -> Estimate | None:
    """A share with Wilson's interval; None of nothing."""
    listed = [bool(value) for value in values]
    return wilson(sum(listed), len(listed)) if listed else None


def _taken(rows: Iterable[Row]) -> Estimate | None:
    """How many are taken for instructions, and not for fixed commands."""
    found = [understand(row["say"]) for row in rows]
    return share(command is not None and bool(command.said) for command in found)
