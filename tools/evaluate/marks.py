"""Are marks and capitals where the writer has them: dictated words against the text they were said from.

Rows of authors that nothing was trained on (`python -m tools.adapters prepare dictation`). `rule` has a
capital at the beginning and a full stop at the end; `base` is the same decoding without the adapter. F1 over
places behind words, with intervals over rows; differences are of the same rows. Where KILLAH_HOME has every
author's own LoRA, as .data/evaluation after `tools.evaluate persona --train`, it takes part, and as a control
another's.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from killah.audio.dictation.text import Marked
from killah.config import Settings
from killah.engine.hearing.marking import ADAPTER, TASK, marked
from killah.engine.members import InUse, Members, Present, own_lora
from killah.engine.session import Session
from killah.errors import KillahError
from killah.gemma import base, catalog
from killah.gemma.stack import NOTHING, Blend
from killah.metrics.intervals import bootstrap, bootstrap_ratios
from killah.metrics.marks import MARKS, Counts, compared
from tools.evaluate.report import progress

FEWEST = 20  # marks of a kind that a figure needs

Way = Callable[[list[str], str], str]  # of words and their author


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which rows, and which base."""
    parser.add_argument("--data", type=Path, default=Path(".data/adapters/dictation/test.jsonl"))
    parser.add_argument("--rows", type=int, default=320, help="at most (default %(default)s)")
    parser.add_argument("--model", default=Settings().model, help="a model's name or folder")
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """F1 of marks and capitals for each way of finding them."""
    if not options.data.exists():
        raise KillahError(
            f"There is no {options.data}.", "Make it: python -m tools.adapters prepare dictation"
        )
    loaded = base.load(catalog.find(options.model))
    members = Members(loaded)
    rows = [json.loads(line) for line in options.data.read_text("utf-8").splitlines()][: options.rows]
    rows.sort(key=lambda row: row["author"])
    ways = _ways(loaded, members, sorted({row["author"] for row in rows}))
    found: dict[str, list[dict[str, Counts]]] = {name: [] for name in ways}
    left_out = 0
    for number, row in enumerate(rows):
        if number % 40 == 0:
            progress(f"  {number} of {len(rows)}")
        texts = {name: way(row["input"].split(), row["author"]) for name, way in ways.items()}
        try:
            each = {name: compared(row["output"], text) for name, text in texts.items()}
        except ValueError:  # numbers and accents are said otherwise than they are written
            left_out += 1
            continue
        for name, counts in each.items():
            found[name].append(counts)
    return {"rows": len(rows) - left_out, "left_out": left_out} | _figures(found, options.seed)


def _ways(loaded: base.Base, members: Members, authors: list[str]) -> dict[str, Way]:
    """Every way of writing words; with an author's own LoRA, and with the next one's, where all have one."""
    ways: dict[str, Way] = {"rule": _by_rule, "base": _by_model(loaded, members, lambda _: NOTHING)}
    if members.card(ADAPTER) is None:
        return ways
    ways["dictation"] = _by_model(loaded, members, lambda _: members.blend(TASK, Present()))
    if all(members.card(own_lora(author)) is not None for author in authors):
        wrong = dict(zip(authors, authors[1:] + authors[:1], strict=True))
        ways["own_lora"] = _by_model(loaded, members, lambda author: _personal(members, author))
        ways["wrong_lora"] = _by_model(loaded, members, lambda author: _personal(members, wrong[author]))
    return ways


def _personal(members: Members, author: str) -> Blend:
    return members.blend(TASK, Present(persona=True, personas=(InUse(author),)))


def _by_rule(words: list[str], _: str) -> str:
    return " ".join(words).capitalize().replace(" i ", " I ") + "."


def _by_model(loaded: base.Base, members: Members, blend: Callable[[str], Blend]) -> Way:
    session = Session(loaded.model, members.stack)
    ends = loaded.model.config.eos_token_id
    ends = ends if isinstance(ends, list) else [ends]

    def write(words: list[str], author: str) -> str:
        found: list[Marked] = []
        for step in marked(session, loaded.tokenizer, words, "", blend=blend(author), ends=ends):
            found = step or found
        return "".join(f"{each.mark} {each.word}" for each in found).strip()

    return write


def _figures(found: dict[str, list[dict[str, Counts]]], seed: int) -> dict[str, Any]:
    result: dict[str, Any] = {name: {} for name in found}
    for kind in ("all", "capitals", *MARKS):
        pairs = {
            name: ([2 * row[kind].both for row in rows], [row[kind].all for row in rows])
            for name, rows in found.items()
        }
        if sum(pairs["rule"][1]) < FEWEST:
            continue
        for name, pair in pairs.items():
            result[name][kind] = bootstrap(*pair, seed=seed)
        if kind == "all" and "dictation" in pairs:
            for other in ("rule", "base"):
                result[f"over_{other}"] = bootstrap_ratios(pairs["dictation"], pairs[other], seed=seed)
            for other in ("dictation", "wrong_lora") if "own_lora" in pairs else ():
                result[f"own_over_{other}"] = bootstrap_ratios(pairs["own_lora"], pairs[other], seed=seed)
    return result
