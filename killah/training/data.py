"""Rows of a JSON-lines file to token ids with a mark on what is to be learned, and batches of them.

A row is one of {"text"}, {"prompt", "completion"}, {"messages"} and {"instruction", "input", "output"}.
Where there is a prompt, only what answers it is learned; `"ends": false` says that a completion goes on
beyond its last word. Control codes in `"codes"` come first: special tokens of the base, or soft ones, whose
ids `codes` says. `"persona"` and `"query"`, or `"recording"`, say whose soft tokens stand before all
(`killah.training.personas`, `killah.training.recordings`). Which rows make up a step depends on the seed and
the step alone, so a run that was resumed sees what it would have seen.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from killah.errors import KillahError
from killah.gemma.instructions import instructed
from killah.gemma.tokenizer import Tokenizer

WINDOW = 16  # batches whose rows are sorted by length together, so that little is padded
FORMS = '{"text"}, {"prompt", "completion"}, {"messages"} or {"instruction", "input", "output"}'

NONE: Mapping[str, list[int]] = MappingProxyType({})

Piece = tuple[list[int], bool]  # ids, and whether they are learned


@dataclass(frozen=True)
class Row:
    """Ids (length,) int32, and which of them are learned (length,) bool; the first never is."""

    ids: np.ndarray
    learned: np.ndarray
    persona: str = ""
    query: int = -1  # of the persona's attention; -1 for none
    recording: int = -1  # whose soft tokens stand before it; -1 for none


@dataclass(frozen=True)
class Batch:
    """Rows padded on the right: ids (rows, length) and learned (rows, length)."""

    ids: np.ndarray
    learned: np.ndarray
    personas: list[str] = field(default_factory=list)
    queries: list[int] = field(default_factory=list)
    recordings: list[int] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        """Targets that count."""
        return int(self.learned[:, 1:].sum())


def read(
    path: Path,
    tokenizer: Tokenizer,
    max_length: int,
    *,
    mask_prompt: bool = True,
    codes: Mapping[str, list[int]] = NONE,
) -> list[Row]:
    """All rows of a file. Raises `KillahError` that names the first bad line."""

    def encoded(value: dict[str, Any]) -> Row:
        return encode(value, tokenizer, max_length, mask_prompt=mask_prompt, codes=codes)

    return parsed(path, encoded)


def parsed(path: Path, encoded: Callable[[dict[str, Any]], Row]) -> list[Row]:
    """The rows that `encoded` makes of a file's lines. Raises `KillahError` that names the first bad one."""
    try:
        # Not splitlines: JSON leaves other line separators inside its strings.
        lines = path.read_text("utf-8-sig").split("\n")
    except FileNotFoundError as error:
        raise KillahError(f"There is no {path}.", f"It should hold JSON lines: {FORMS}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise KillahError(f"Cannot read {path} as UTF-8 text.") from error
    rows = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = encoded(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise KillahError(
                f"Line {number} of {path} is not a training row.", f"It should be {FORMS}."
            ) from error
        if row.learned.any():
            rows.append(row)
    if not rows:
        raise KillahError(f"{path} holds nothing to learn.", f"It should hold JSON lines: {FORMS}.")
    return rows


def encode(
    value: dict[str, Any],
    tokenizer: Tokenizer,
    max_length: int,
    *,
    mask_prompt: bool = True,
    codes: Mapping[str, list[int]] = NONE,
) -> Row:
    """One row's ids: `<bos>`, its prompt, what is learned; a completion ends with `<eos>`."""
    form = next((f for f in _FORMS if f in value), None)
    if form is None:
        raise ValueError("no known form")
    persona = value.get("persona", "")
    if not isinstance(persona, str):
        raise TypeError("a persona is a name")
    query, recording = int(value.get("query", -1)), int(value.get("recording", -1))
    pieces = list(_FORMS[form](value, tokenizer))
    ids = [i for piece, _ in pieces for i in piece]
    learned = [learn or not mask_prompt for piece, learn in pieces for _ in piece]
    first = [i for code in value.get("codes", ()) for i in codes.get(code) or [tokenizer.id(code)]]
    over = len(ids) + len(first) + 1 - max_length
    if over > 0:  # a prompt loses its beginning, then the rest its end
        prompt = learned.index(True) if True in learned else 0
        cut = min(over, prompt)
        room = max_length - 1 - len(first)
        ids, learned = ids[cut:][:room], learned[cut:][:room]
    head = [tokenizer.bos, *first]
    learnable = np.array([False] * len(head) + learned)
    return Row(np.array([*head, *ids], np.int32), learnable, persona, query, recording)


def _text(value: dict[str, Any], tokenizer: Tokenizer) -> Iterator[Piece]:
    yield tokenizer.encode(value["text"]), True


def _completion(value: dict[str, Any], tokenizer: Tokenizer) -> Iterator[Piece]:
    yield tokenizer.encode(value["prompt"]), False
    yield tokenizer.encode(value["completion"]), True
    if value.get("ends", True):  # prose that was cut anywhere does not
        yield [tokenizer.id("<eos>")], True


def _instruction(value: dict[str, Any], tokenizer: Tokenizer) -> Iterator[Piece]:
    yield instructed(tokenizer, value["instruction"], value.get("input", "")), False
    yield [*tokenizer.encode(value["output"]), tokenizer.id("<eos>")], True


def _messages(value: dict[str, Any], tokenizer: Tokenizer) -> Iterator[Piece]:
    """Gemma's turns where the tokenizer has them, else names and colons."""
    turn, end = tokenizer.find("<start_of_turn>"), tokenizer.find("<end_of_turn>")
    answer = False
    for message in value["messages"]:
        answer = message["role"] in ("assistant", "model")
        role = "model" if answer else "user"
        if turn is not None and end is not None:
            yield [turn, *tokenizer.encode(f"{role}\n")], False
            yield [*tokenizer.encode(message["content"]), end], answer
            yield tokenizer.encode("\n"), False
        else:
            yield tokenizer.encode(f"{role.capitalize()}:"), False
            yield tokenizer.encode(f" {message['content']}\n"), answer
    if answer and end is None:  # no token of its own says that the last answer is over
        yield [tokenizer.id("<eos>")], True


_FORMS: dict[str, Callable[[dict[str, Any], Tokenizer], Iterator[Piece]]] = {
    "text": _text,
    "completion": _completion,
    "messages": _messages,
    "output": _instruction,
}


def step_rows(rows: list[Row], size: int, step: int, seed: int) -> list[Row]:
    """The `size` rows of a step, counted from 0, of about the same length."""
    per_epoch = max(1, len(rows) // size)
    epoch, index = divmod(step, per_epoch)
    random = np.random.default_rng((seed, epoch))
    order = random.permutation(len(rows))
    batches = []
    for first in range(0, per_epoch * size, WINDOW * size):
        window = order[first : min(first + WINDOW * size, per_epoch * size)]
        window = window[np.argsort([len(rows[i].ids) for i in window], kind="stable")]
        batches += [window[i : i + size] for i in range(0, len(window), size)]
    chosen = batches[random.permutation(len(batches))[index % len(batches)]]
    return [rows[i] for i in chosen]


def collate(rows: Sequence[Row], pad: int = 0) -> Batch:
    """Rows as one padded batch."""
    length = max(len(row.ids) for row in rows)
    ids = np.full((len(rows), length), pad, np.int32)
    learned = np.zeros((len(rows), length), bool)
    for i, row in enumerate(rows):
        ids[i, : len(row.ids)], learned[i, : len(row.ids)] = row.ids, row.learned
    personas, queries = [row.persona for row in rows], [row.query for row in rows]
    return Batch(ids, learned, personas, queries, [row.recording for row in rows])
