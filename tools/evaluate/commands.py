"""Are spoken commands done, and is dictated text left alone: synthetic voices that were never trained on.

The file is JSON lines with `say`, `language` and `name` (of the command, or null for a sentence that only
looks like one), and the command's other fields; tests/audio/data/commands.jsonl is one. Instructions in free
words are counted apart (instructions.py): all as text, a sample as speech.
"""

import argparse
import json
import random
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from killah.audio import RATE
from killah.audio.commands import Command
from killah.audio.commands.tables import LANGUAGES, Language
from killah.audio.dictation.language import understand
from killah.audio.dictation.live import Dictation, Said
from killah.engine.hearing.ear import Ear, alone
from tools.ear import voices
from tools.evaluate import instructions
from tools.evaluate.report import progress

FREE = [Path("tests/audio/data/instructions.jsonl")]  # written by hand; no template was improved on it
PAUSE = 1.0  # seconds of room noise before and after
HISS = 0.0005  # its amplitude


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which sentences, and what hears them."""
    parser.add_argument("--commands", type=Path, default=Path("tests/audio/data/commands.jsonl"))
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
    rows = [json.loads(line) for line in options.commands.read_text("utf-8").splitlines()]
    dice = random.Random(options.seed)
    dice.shuffle(rows)
    rows = rows[: options.most or None]
    free = instructions.read(options.free)
    sentences: dict[Language, list[instructions.Row]] = {
        each: instructions.dictated(options.data, each, options.sentences, dice) for each in LANGUAGES
    }
    result: dict[str, Any] = {"encoder": options.encoder} | instructions.as_text(free, sentences)
    with alone() as scheduler:
        ear = Ear(scheduler, options.encoder)

        def hear(row: dict[str, Any]) -> list[Command]:
            return _told(ear, row, dice)

        told = [[asdict(command) for command in each] for each in map(hear, _counted(rows))]
        progress("  instructions in free words")
        result |= instructions.spoken(free, sentences, options.spoken, hear, dice)
    for language in LANGUAGES:
        for kind, commands in (("commands_done", True), ("false_commands", False)):
            chosen = [
                _right(row, found) if commands else bool(found)
                for row, found in zip(rows, told, strict=True)
                if row["language"] == language and bool(row["name"]) == commands
            ]
            result[f"{kind}_{language}"] = instructions.share(chosen)
    return result


def _counted(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(rows):
        if number % 50 == 0:
            progress(f"  {number} of {len(rows)}")
        yield row


def _told(ear: Ear, row: dict[str, Any], dice: random.Random) -> list[Command]:
    """The commands that were heard when a voice said a row."""
    spoken = voices.say(row["say"], voices.draw(row["language"], dice, unheard=True))
    pause = np.zeros(round(PAUSE * RATE), np.float32)
    samples = np.concatenate([pause, spoken, pause])
    samples += np.random.default_rng(0).normal(0, HISS, len(samples)).astype(np.float32)
    dictation = Dictation(ear, understand)
    events = dictation.feed(samples) + dictation.finish()
    return [event.command for event in events if isinstance(event, Said)]


def _right(row: dict[str, Any], found: list[dict[str, Any]]) -> bool:
    wanted = {key: value for key, value in row.items() if key not in ("say", "language")}
    return len(found) == 1 and all(found[0].get(key) == value for key, value in wanted.items())
