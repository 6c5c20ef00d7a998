"""Are spoken commands done, and is dictated text left alone: synthetic voices that were never trained on.

The file is JSON lines with `say`, `language` and `name` (of the command, or null for a sentence that only
looks like one), and the command's other fields. Figures are of tests/audio/data/commands.jsonl; what is
chosen is chosen with `--choosing`, on commands-choosing.jsonl, which has other sentences, and other voices.

A sentence is a false command where the editor does something instead of writing it down; `taken for commands`
counts those too that were told as commands and written down after all. A wrong command is one that was done,
but is not the one that was said. Instructions in free words are counted apart (instructions.py): all as text,
a sample as speech.
"""

import argparse
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from killah.audio import RATE
from killah.audio.commands import Command
from killah.audio.commands.tables import LANGUAGES, Language
from killah.audio.dictation.language import understand
from killah.audio.dictation.live import Dictation, Said
from killah.audio.recognition.ctc import text_of
from killah.engine.hearing.ear import Ear, alone
from killah.metrics.intervals import Estimate
from tools.evaluate import instructions
from tools.evaluate.commands_voices import choosing, measuring
from tools.evaluate.commands_written import written
from tools.evaluate.report import progress

DATA = Path("tests/audio/data")
FREE = [DATA / "instructions.jsonl"]  # written by hand; no template was improved on it
PAUSE = 1.0  # seconds of room noise before and after
HISS = 0.0005  # its amplitude

Row = dict[str, Any]
Speak = Callable[[str, str, random.Random], np.ndarray]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which sentences, and what hears them."""
    parser.add_argument("--commands", type=Path, help="another file of sentences")
    parser.add_argument(
        "--choosing", action="store_true", help="sentences and voices that thresholds are chosen on"
    )
    parser.add_argument("--encoder", default="ear-nano", help="name or folder (default %(default)s)")
    parser.add_argument("--most", type=int, default=0, help="of them, drawn at random; 0 for all")
    parser.add_argument(
        "--free", type=Path, nargs="*", default=FREE, help="files of instructions in free words"
    )
    parser.add_argument("--data", type=Path, default=Path(".data"), help="folder with text-en and text-ru")
    parser.add_argument("--sentences", type=int, default=3000, help="of real text, by language")
    parser.add_argument(
        "--spoken", type=int, default=40, help="instructions, and as many sentences, by language"
    )
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Shares of commands done exactly and of sentences taken for commands, by language, with intervals."""
    file = options.commands or DATA / ("commands-choosing.jsonl" if options.choosing else "commands.jsonl")
    rows: list[Row] = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    dice = random.Random(options.seed)
    dice.shuffle(rows)
    rows = rows[: options.most or None]
    free = instructions.read(options.free)
    sentences: dict[Language, list[Row]] = {
        each: instructions.dictated(options.data, each, options.sentences, dice) for each in LANGUAGES
    }
    result: dict[str, Any] = {"encoder": options.encoder} | instructions.as_text(free, sentences)
    with alone() as scheduler:
        ear, speak = Ear(scheduler, options.encoder), choosing if options.choosing else measuring

        def commands(row: Row) -> list[Command]:
            return [each.command for each in _told(ear, row, speak, dice)]

        told = [_told(ear, row, speak, dice) for row in _counted(rows)]
        progress("  instructions in free words")
        result |= instructions.spoken(free, sentences, options.spoken, commands, dice)
    for language in LANGUAGES:
        here = [pair for pair in zip(rows, told, strict=True) if pair[0]["language"] == language]
        result |= {f"{name}_{language}": share for name, share in figures(here, language).items()}
    return result


def figures(told: list[tuple[Row, list[Said]]], language: Language) -> dict[str, Estimate | None]:
    """Of rows of one language, and what each was told as."""
    asked = [(row, found) for row, found in told if row["name"]]
    alike = [(row, found) for row, found in told if not row["name"]]
    done = [(row, found, [each for each in found if not written(each, language)]) for row, found in told]
    for row, found, acted in done:
        if acted and not (row["name"] and _right(row, found)):
            kind = "wrong" if row["name"] else "false"
            names = ", ".join(each.command.name for each in acted)
            progress(f"  {kind}: “{row['say']}” was heard as “{text_of(acted[0].words)}”: {names}")
    return {
        "commands_done": instructions.share(_right(row, found) for row, found in asked),
        "wrong_commands": instructions.share(
            bool(acted) and not _right(row, found) for row, found, acted in done if row["name"]
        ),
        "false_commands": instructions.share(bool(acted) for row, _, acted in done if not row["name"]),
        "taken_for_commands": instructions.share(bool(found) for _, found in alike),
    }


def _counted(rows: list[Row]) -> Iterator[Row]:
    for number, row in enumerate(rows):
        if number % 50 == 0:
            progress(f"  {number} of {len(rows)}")
        yield row


def _told(ear: Ear, row: Row, speak: Speak, dice: random.Random) -> list[Said]:
    """The commands that were heard when a voice said a row."""
    spoken = speak(row["say"], row["language"], dice)
    pause = np.zeros(round(PAUSE * RATE), np.float32)
    samples = np.concatenate([pause, spoken, pause])
    samples += np.random.default_rng(0).normal(0, HISS, len(samples)).astype(np.float32)
    dictation = Dictation(ear, understand)
    return [each for each in dictation.feed(samples) + dictation.finish() if isinstance(each, Said)]


def _right(row: Row, found: list[Said]) -> bool:
    wanted = {key: value for key, value in row.items() if key not in ("say", "language")}
    return len(found) == 1 and wanted.items() <= _plain(found[0].command).items()


def _plain(command: Command) -> dict[str, Any]:
    return {key: value for key, value in asdict(command).items() if isinstance(value, str | int)}
