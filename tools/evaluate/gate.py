"""The gate: fit P(first word right | what the model says) on held-out text, and check it on other text.

Carets are drawn evenly over all keystrokes. Even passages are fitted, odd ones give the figures. Without
--data, the validation rows of the training run are used; with it, authors of DIR that are no test persona.

Example: python -m tools.evaluate gate --write models/pushkin-nano
"""

import argparse
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from killah import paths
from killah.config import Settings
from killah.engine.gate import Gate
from killah.errors import KillahError
from killah.gemma import catalog
from killah.gemma.tokenizer import Tokenizer
from killah.metrics.calibration import expected_calibration_error, fit_logistic, log_loss, sigmoid
from killah.metrics.intervals import wilson
from killah.metrics.showing import count
from tools.evaluate import ghosts, passages
from tools.evaluate.report import progress
from tools.pretrain.corpus import HELD_OUT

LEVELS = (0.3, 0.4, 0.5, 0.6, 0.7)
CERTAIN = 1e-12  # probabilities are kept this far from 0 and 1
RUN = Path("runs/pushkin-nano")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `gate`."""
    parser.add_argument("--data", type=Path, help="DIR/<author>/*.txt, neither trained on nor a test persona")
    parser.add_argument(
        "--run", type=Path, default=RUN, help="training run whose valid.npy is used without --data"
    )
    parser.add_argument("--model", default=Settings().model, help="a model's name or folder")
    parser.add_argument("--passages", type=int, default=240, help="passages in all (default 240)")
    parser.add_argument("--carets", type=int, default=20, help="carets in a passage (default 20)")
    parser.add_argument("--write", type=Path, metavar="MODEL_FOLDER", help="write gate.json there")
    parser.add_argument("--seed", type=int, default=0)


@dataclass(frozen=True)
class Example:
    """A first word the engine suggested: what its gate weighed, what it said, and what was true.

    `score` is the number that the gate's slope multiplies. Odd passages are for checking only.
    """

    kind: ghosts.Kind
    score: float
    probability: float
    right: bool
    odd: bool


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Fit, check, and write if asked to."""
    texts, source = _texts(options)
    progress(f"first words at {options.carets} carets of {len(texts)} passages")
    examples = _examples(options, texts)
    even, odd = ([e for e in examples if e.odd is wanted] for wanted in (False, True))
    try:
        intercept, slope = fit_logistic([e.score for e in even], [e.right for e in even])
    except ValueError as error:
        raise KillahError(
            "There is too little text to fit a gate on.", "Give more with --data DIR."
        ) from error
    fitted = {"intercept": intercept, "slope": slope, "source": source, "examples": len(even)}
    if options.write:
        paths.write_private(options.write / "gate.json", json.dumps(fitted, indent=1) + "\n")
    after = [replace(e, probability=float(sigmoid(intercept + slope * e.score))) for e in odd]
    return fitted | {
        "written": str(options.write / "gate.json") if options.write else None,
        "checked_before": _check(odd),
        "checked_after": _check(after),
        **{f"checked_after_{kind}": _check([e for e in after if e.kind == kind]) for kind in ghosts.KINDS},
        **{f"gate_at_{level}": _at(level, after) for level in LEVELS},
    }


def _check(examples: list[Example]) -> dict[str, Any] | None:
    """How far stated probabilities are from what happens; None without examples."""
    if not examples:
        return None
    stated, right = [e.probability for e in examples], [e.right for e in examples]
    return {
        "mean_probability": float(np.mean(stated)),
        "first_word_accuracy": wilson(sum(right), len(right)),
        "calibration_error": expected_calibration_error(stated, right),
        "log_loss": log_loss(stated, right),
    }


def _at(level: float, examples: list[Example]) -> dict[str, Any]:
    """What a gate that demands `level` shows."""
    showing = count([e.right if e.probability >= level else None for e in examples])
    return {
        "coverage": wilson(showing.shown, showing.carets) if examples else None,
        "precision": wilson(showing.right, showing.shown) if showing.shown else None,
        "wrong_show_rate": wilson(showing.wrong, showing.carets) if examples else None,
    }


def _examples(options: argparse.Namespace, texts: list[str]) -> list[Example]:
    """What an engine without a gate suggests at carets drawn evenly over all keystrokes."""
    gate = Gate.read(catalog.find(options.model))
    random = np.random.default_rng(options.seed)
    with ghosts.opened(options.model, precision=0.0) as engine:
        asked = [
            (ghosts.ask(engine, text, caret), index % 2 == 1)
            for index, text in enumerate(texts)
            for caret in ghosts.any_carets(text, options.carets, random)
        ]
    return [
        Example(a.caret.kind, _score(gate, a.probability), a.probability, a.right, odd)
        for a, odd in asked
        if a.right is not None
    ]


def _score(gate: Gate, probability: float) -> float:
    """The log-odds that `gate` made `probability` of."""
    inside = min(max(probability, CERTAIN), 1 - CERTAIN)
    return (math.log(inside) - math.log1p(-inside) - gate.intercept) / gate.slope


def _texts(options: argparse.Namespace) -> tuple[list[str], str]:
    """Passages to fit and check on, and what they are."""
    if options.data:
        allowed = [name for name in passages.authors(options.data) if name not in HELD_OUT]
        if not allowed:
            raise KillahError(f"{options.data} holds test personas only.", "Fit the gate on other authors.")
        chosen = passages.read(options.data, options.passages, only=allowed, seed=options.seed)
        return [p.text for p in chosen], str(options.data)
    path = options.run / "valid.npy"
    if not path.is_file():
        raise KillahError(f"There is no {path}.", "Give held-out text with --data DIR.")
    return _decoded(np.load(path), Tokenizer(options.run / "model"), options.passages), f"{path}"


def _decoded(rows: np.ndarray, tokenizer: Tokenizer, count: int) -> list[str]:
    """The longest text of each of up to `count` rows; a row may hold the end of one and start of another."""
    texts = []
    for row in rows[:count]:
        parts = np.split(row, np.flatnonzero(row == tokenizer.bos))
        texts.append(max((tokenizer.decode(part.tolist()).strip() for part in parts), key=len))
    return [text for text in texts if len(text) >= passages.SHORTEST]
