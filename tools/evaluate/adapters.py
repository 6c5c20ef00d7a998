"""The adapters: each against the base on its own task, a persona's controls, and merges of a composition.

Costs are of what is learned: the completion and its end. `over_...` is the difference on the same rows,
below zero where it is better; authors are resampled, or documents where a row has no author. The base is
given its best chance: the same prompt, an instruction's input as plain text, a persona's text without the
passages, whichever is the cheapest on average. Adapters that are not installed are listed and left out.

Example: python -m tools.evaluate adapters --only rephrase,compose --rows 320
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from killah.config import Settings
from killah.errors import KillahError
from killah.gemma import base as gemma
from killah.gemma import catalog
from killah.gemma.stack import Blend
from killah.training.data import Row
from killah.training.personas import NAME, Personas
from tools.evaluate import composed, held_out
from tools.evaluate.adapted import Adapted
from tools.evaluate.held_out import HeldOut
from tools.evaluate.report import progress

TASKS = ("autocomplete", "continue", "rephrase", "summarise", "story", "persona")
REWRITES = ("rephrase", "summarise", "story")
PROJECTOR = "persona-projector"
CODES = "codes"
CODED = 4  # times as many rows of codes: each has a few only
CONTROLS = {"right": "test", "wrong": "test_wrong", "none": "test_none"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `adapters`."""
    parser.add_argument("--data", type=Path, default=Path(".data/adapters"), help="DIR/NAME/test.jsonl")
    parser.add_argument(
        "--only", type=lambda names: names.split(","), help=f"comma-separated, of {', '.join(_SECTIONS)}"
    )
    parser.add_argument("--rows", type=int, default=160, help="rows of each file (default 160)")
    parser.add_argument("--model", default=Settings().model, help="a model's name or folder")
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """All figures of the installed adapters."""
    began = time.perf_counter()
    if unknown := set(options.only or ()) - set(_SECTIONS):
        raise KillahError(f"There is no {min(unknown)!r}.", f"Known: {', '.join(_SECTIONS)}.")
    evaluation = Evaluation(options)
    result: dict[str, Any] = {
        "model": options.model,
        "data": str(options.data),
        "missing": evaluation.missing,
    }
    for name in options.only or _SECTIONS:
        progress(name)
        result[name] = _SECTIONS[name](evaluation)
    return result | {"seconds": round(time.perf_counter() - began, 1)}


class Evaluation:
    """The model, the data, and the costs measured so far."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.data: Path = options.data
        self.missing: list[str] = []
        self.rows: int = options.rows
        self._options = options
        self.model = Adapted(gemma.load(catalog.find(options.model)))
        self._costs: dict[tuple[str, str], np.ndarray] = {}

    def held(self, name: str, file: str = "test", *, as_text: bool = False) -> HeldOut:
        """The rows of a file of `name`, of instructions perhaps as plain text."""
        values = held_out.read(self.data / name / f"{file}.jsonl", self._options.rows)
        values = held_out.as_text(values) if as_text else values
        return held_out.encoded(values, self.model.base, self._options.seed)

    def lacks(self, name: str, kind: Any = "lora") -> bool:
        """Whether an adapter is not installed; it is listed as missing then."""
        missing = not self.model.has(name, kind)
        if missing and name not in self.missing:
            self.missing.append(name)
        return missing

    def nats(self, name: str, adapter: str = "", file: str = "test", *, as_text: bool = False) -> np.ndarray:
        """Nats of each row of a file, (rows,), with one adapter or with the base alone; measured once."""
        key = (f"{name}/{file}/{as_text}", adapter)
        if key not in self._costs:
            blend = Blend(((adapter, 1.0),) if adapter else ())
            rows = self.held(name, file, as_text=as_text).rows
            soft = self.soft_tokens(name, rows) if adapter == "persona" else None
            self._costs[key] = self.model.nats(rows, blend, soft)
        return self._costs[key]

    def soft_tokens(self, name: str, rows: list[Row]) -> np.ndarray | None:
        """Soft tokens (rows, tokens, hidden) of the personas of a data set's rows; None where it has none."""
        path = self.data / name / NAME
        if not all(row.persona for row in rows) or not path.is_file() or self.lacks(PROJECTOR, "projector"):
            return None
        return self.model.soft_tokens(PROJECTOR, Personas(path), rows)

    def control(self, name: str) -> tuple[str, np.ndarray]:
        """How the base does best on a task's rows, and its nats, (rows,)."""
        ways = {"same_prompt": self.nats(name)}
        if "output" in self.held(name).values[0]:
            ways["input_as_plain_text"] = self.nats(name, as_text=True)
        if name == "persona":
            ways["without_passages"] = self.nats(name, file="test_none")
        best = min(ways, key=lambda way: ways[way].sum())
        return best, ways[best]


def _task(evaluation: Evaluation, name: str) -> dict[str, Any] | None:
    """One adapter on its own rows."""
    if evaluation.lacks(name):
        return None
    held, (how, base) = evaluation.held(name), evaluation.control(name)
    adapted = evaluation.nats(name, name)
    result: dict[str, Any] = {"rows": len(held.rows), "base_reads": how} | _pair(held, adapted, base)
    styles = np.array([_style(value) for value in held.values])
    for style in sorted(set(styles) - {""}):
        own = styles == style
        result[style] = {"over_base": held.where(own).gap(adapted[own], base[own])}
    return result


def _pair(held: HeldOut, adapted: np.ndarray, base: np.ndarray) -> dict[str, Any]:
    return {
        "nats_a_token": held.cost(adapted),
        "nats_a_token_base": held.cost(base),
        "over_base": held.gap(adapted, base),
        "bits_per_byte": held.bits(adapted),
        "bits_per_byte_base": held.bits(base),
        "bits_per_byte_over_base": held.bits_gap(adapted, base),
    }


def _style(value: dict[str, Any]) -> str:
    return value.get("instruction", "").partition(": ")[2]


def _passages(evaluation: Evaluation) -> dict[str, Any] | None:
    """The persona adapter with its author's passages, with another author's, with none."""
    if evaluation.lacks("persona"):
        return None
    held = evaluation.held("persona")
    found = {name: evaluation.nats("persona", "persona", file) for name, file in CONTROLS.items()}
    base = {f"base_{name}": evaluation.nats("persona", file=file) for name, file in CONTROLS.items()}
    gain = {"base_right_over_wrong": held.gap(base["base_right"], base["base_wrong"])}
    return _controlled(held, found) | {name: held.cost(nats) for name, nats in base.items()} | gain


def _projector(evaluation: Evaluation) -> dict[str, Any] | None:
    """The persona projector with its author's vector, with another's, without soft tokens."""
    if evaluation.lacks(PROJECTOR, "projector"):
        return None
    held, model = evaluation.held(PROJECTOR), evaluation.model
    personas = Personas(evaluation.data / PROJECTOR / NAME)
    found = {}
    for name, key in (("right", "persona"), ("wrong", "wrong")):
        rows = [replace(row, persona=value[key]) for row, value in zip(held.rows, held.values, strict=True)]
        found[name] = model.nats(rows, soft=model.soft_tokens(PROJECTOR, personas, rows))
    return _controlled(held, found | {"none": evaluation.nats(PROJECTOR)})


def _codes(evaluation: Evaluation) -> dict[str, Any] | None:
    """Control codes that a text earns, one a row, against opposite ones and none; then behind a persona."""
    if evaluation.lacks(CODES, "codes"):
        return None
    model = evaluation.model
    values = held_out.read(evaluation.data / CODES / "test.jsonl", CODED * evaluation.rows)
    held = held_out.encoded([v | {"codes": []} for v in values], model.base)
    soft = {
        "right": [model.code(value["codes"]) for value in values],
        "wrong": [model.code(value["wrong"]) for value in values],
    }
    nats = {name: model.nats(held.rows, soft=each) for name, each in soft.items()}
    nats["none"] = model.nats(held.rows)
    codes = np.array([str(value["code"]).strip("<>") for value in values])
    result = _controlled(held, nats) | _by_code(held, nats, codes)
    known = _known(evaluation, values)
    if not known.any():
        return result
    some, blend = held.where(known), Blend((("persona", 1.0),) if model.has("persona") else ())
    persona = _authors(evaluation, some)
    assert persona is not None
    behind = {"none": model.nats(some.rows, blend, persona)}
    for name, each in soft.items():
        own = [each[i] for i in np.flatnonzero(known)]
        both = [np.concatenate(pair) for pair in zip(persona, own, strict=True)]
        behind[name] = model.nats(some.rows, blend, both)
    return result | {"with_persona": _controlled(some, behind) | _by_code(some, behind, codes[known])}


def _by_code(held: HeldOut, nats: dict[str, np.ndarray], codes: np.ndarray) -> dict[str, Any]:
    """What each code is worth on the rows that earn it."""
    result = {}
    for code in sorted(set(codes)):
        own = codes == code
        some = held.where(own)
        result[code] = {
            "rows": int(own.sum()),
            "right_over_none": some.gap(nats["right"][own], nats["none"][own]),
            "right_over_wrong": some.gap(nats["right"][own], nats["wrong"][own]),
        }
    return result


def _known(evaluation: Evaluation, values: list[dict[str, Any]]) -> np.ndarray:
    """Which rows are of an author whose soft tokens there are, (rows,) bool."""
    path = evaluation.data / PROJECTOR / NAME
    if evaluation.lacks(PROJECTOR, "projector") or not path.is_file():
        return np.zeros(len(values), bool)
    authors = {name.split("/")[0] for name in Personas(path).names}
    return np.array([value.get("author") in authors for value in values])


def _controlled(held: HeldOut, found: dict[str, np.ndarray]) -> dict[str, Any]:
    return {
        "rows": len(held.rows),
        **{name: held.cost(nats) for name, nats in found.items()},
        "right_over_wrong": held.gap(found["right"], found["wrong"]),
        "right_over_none": held.gap(found["right"], found["none"]),
        "wrong_over_none": held.gap(found["wrong"], found["none"]),
    }


def _compose(evaluation: Evaluation) -> dict[str, Any]:
    """Persona passages and persona adapter in a continuation, and the author's soft tokens."""
    held = evaluation.held("compose")
    for name in ("continue", "persona"):
        evaluation.lacks(name)
    if composed.mixture(evaluation.model, "continue") is None:
        evaluation.missing.append("continue-mix")
    known = {"base": evaluation.nats("compose")}
    known["base_without_passages"] = evaluation.nats("compose", file="test_none")
    found = composed.costs(evaluation.model, "continue", held, _authors(evaluation, held), known)
    return composed.figures(held, found)


def _compose_task(evaluation: Evaluation, task: str) -> dict[str, Any]:
    """The persona adapter where there is no passage to follow: it must not hurt."""
    held = evaluation.held(task)
    known = {"base": evaluation.control(task)[1]}
    if evaluation.model.has(task):
        known[task] = evaluation.nats(task, task)
    soft = _authors(evaluation, held) if all("author" in value for value in held.values) else None
    return composed.figures(held, composed.costs(evaluation.model, task, held, soft, known))


def _authors(evaluation: Evaluation, held: HeldOut) -> np.ndarray | None:
    """Soft tokens (rows, tokens, hidden) of each row's author: of a place in the author's works, no query."""
    path = evaluation.data / PROJECTOR / NAME
    if evaluation.lacks(PROJECTOR, "projector") or not path.is_file():
        return None
    personas = Personas(path)
    whole = {name.split("/")[0]: name for name in reversed(personas.names) if name.endswith("#0")}
    rows = [
        replace(row, persona=whole[value["author"]], query=-1)
        for row, value in zip(held.rows, held.values, strict=True)
    ]
    return evaluation.model.soft_tokens(PROJECTOR, personas, rows)


def _tasks() -> dict[str, Callable[[Evaluation], Any]]:
    return {name: lambda evaluation, name=name: _task(evaluation, name) for name in TASKS}


def _compositions() -> dict[str, Callable[[Evaluation], Any]]:
    return {
        f"compose-{name}": lambda evaluation, name=name: _compose_task(evaluation, name) for name in REWRITES
    }


_SECTIONS: dict[str, Callable[[Evaluation], Any]] = {
    **_tasks(),
    "persona-passages": _passages,
    "codes": _codes,
    PROJECTOR: _projector,
    "compose": _compose,
    **_compositions(),
}
