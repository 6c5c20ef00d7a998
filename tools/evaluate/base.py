"""The base model: bits per byte beside a 5-gram model, and ghost text as a writer meets it.

Passages are resampled for every interval. First words: at each caret the first word that the engine would
suggest is right if the text goes on with exactly that word. Carets are of three kinds: `next_word` (the last
word is over, its space not typed yet), `after_space`, `mid_word`. saved@1 is ChaI-TeA's; by words, the writer
may also take the right beginning of a suggestion, at a key a word, as the editor lets them.

Example: python -m tools.evaluate base --data .data/text-en --json
"""

import argparse
import functools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from killah.config import Settings
from killah.engine import Engine
from killah.gemma import base as gemma
from killah.gemma import catalog
from killah.metrics.intervals import Estimate, bootstrap
from killah.metrics.keystrokes import Typed, accept_whole, accept_words, type_out
from killah.metrics.likelihood import bits_per_byte, bits_per_byte_gap
from killah.metrics.showing import Showing, count
from tools.evaluate import baseline, ghosts, likelihood, passages
from tools.evaluate.passages import Passage
from tools.evaluate.report import progress


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `base`."""
    shipped = Settings()
    parser.add_argument(
        "--data", type=Path, default=Path(".data/text-en"), help="DIR/<author>/*.txt, never trained on"
    )
    parser.add_argument(
        "--authors", type=lambda names: names.split(","), help="comma-separated folders of DIR"
    )
    parser.add_argument("--model", default=shipped.model, help="a model's name or folder")
    parser.add_argument("--passages", type=int, default=160, help="passages in all (default 160)")
    parser.add_argument("--carets", type=int, default=2, help="carets of each kind in a passage (default 2)")
    parser.add_argument(
        "--typed", type=int, default=24, help="passages of which a part is typed (default 24)"
    )
    parser.add_argument("--span", type=int, default=60, help="characters typed of each (default 60)")
    parser.add_argument(
        "--precision", type=float, default=shipped.ghost_precision, help="what the gate demands"
    )
    parser.add_argument(
        "--train", type=Path, default=Path(".data"), help="training text for the 5-gram baseline"
    )
    parser.add_argument(
        "--run", type=Path, default=Path("runs/pushkin-nano"), help="training run with packed rows"
    )
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """All figures of the base model."""
    began = time.perf_counter()
    chosen = passages.read(options.data, options.passages, only=options.authors, seed=options.seed)
    result: dict[str, Any] = {
        "model": options.model,
        "data": str(options.data),
        "passages": len(chosen),
        "seed": options.seed,
    }
    result |= _likelihoods(options, chosen)
    result |= _first_words(options, chosen)
    result |= _keystrokes(options, chosen)
    return result | {"seconds": round(time.perf_counter() - began, 1)}


def _likelihoods(options: argparse.Namespace, chosen: Sequence[Passage]) -> dict[str, Any]:
    """Bits per byte, pooled and by author, of the model and of the 5-gram baseline."""
    folder = catalog.find(options.model)
    model = gemma.load(folder)
    progress(f"likelihood of {len(chosen)} passages")
    tokens = likelihood.sequences(model, [p.text for p in chosen])
    nats = likelihood.nats(model, tokens)
    sizes = likelihood.sizes(model, tokens)
    classic, source = baseline.fitted(folder, model.tokenizer, options.run, options.train)
    others = None if classic is None else baseline.nats(classic, tokens)
    result: dict[str, Any] = {"bytes": int(sizes.sum()), "baseline_5gram": source}
    result |= _bits(nats, others, sizes, options.seed)
    names = np.array([p.author for p in chosen])
    result["authors"] = {
        str(name): _bits(nats[own], None if others is None else others[own], sizes[own], options.seed)
        for name in dict.fromkeys(names)
        for own in [names == name]
    }
    return result


def _bits(nats: np.ndarray, others: np.ndarray | None, sizes: np.ndarray, seed: int) -> dict[str, Any]:
    """Bits per byte of the model, of the baseline, and the gap between them (below zero: the model wins)."""
    return {
        "bits_per_byte": bits_per_byte(nats, sizes, seed=seed),
        "bits_per_byte_5gram": None if others is None else bits_per_byte(others, sizes, seed=seed),
        "bits_per_byte_gap": None if others is None else bits_per_byte_gap(nats, others, sizes, seed=seed),
    }


def _first_words(options: argparse.Namespace, chosen: Sequence[Passage]) -> dict[str, Any]:
    """First-word figures of each kind of caret, without the gate and with it.

    The first word does not depend on the gate, so one question to an engine without a gate answers both.
    """
    random = np.random.default_rng(options.seed)
    progress(f"first words at up to {3 * options.carets * len(chosen):,} carets")
    with ghosts.opened(options.model, precision=0.0) as engine:
        asked = [
            [ghosts.ask(engine, p.text, caret) for caret in ghosts.carets(p.text, options.carets, random)]
            for p in chosen
        ]
    return {"gate_demands": options.precision} | {
        kind: _showing([[a for a in of if a.caret.kind == kind] for of in asked], options)
        for kind in ghosts.KINDS
    }


def _showing(asked: list[list[ghosts.Asked]], options: argparse.Namespace) -> dict[str, Any]:
    """Rates over carets; each inner list is a passage."""
    without = [count([a.right for a in of]) for of in asked]
    gated = [count([a.right if a.probability >= options.precision else None for a in of]) for of in asked]
    rate = functools.partial(_rate, seed=options.seed)
    return {
        "carets": sum(s.carets for s in without),
        "first_word_accuracy": rate(without, "right", "carets"),
        "first_word_accuracy_gated": rate(gated, "right", "carets"),
        "coverage": rate(gated, "shown", "carets"),
        "precision": rate(gated, "right", "shown"),
        "wrong_show_rate": rate(gated, "wrong", "carets"),
        "wrong_show_rate_ungated": rate(without, "wrong", "carets"),
    }


def _rate(counts: Sequence[Showing | Typed], part: str, whole: str, seed: int) -> Estimate | None:
    """Ratio of two counts over all passages; None where there is nothing to divide by."""
    parts, wholes = ([getattr(c, name) for c in counts] for name in (part, whole))
    return bootstrap(parts, wholes, seed=seed) if sum(wholes) else None


def _keystrokes(options: argparse.Namespace, chosen: Sequence[Passage]) -> dict[str, Any]:
    """Keystroke saving with the gate and without, over passages spread evenly over `chosen`."""
    picks = np.linspace(0, len(chosen) - 1, min(options.typed, len(chosen))).astype(int)
    texts = [chosen[i].text for i in picks]
    result: dict[str, Any] = {"typed_passages": len(texts)}
    if not texts:
        return result
    for suffix, precision in (("", options.precision), ("_ungated", 0.0)):
        progress(f"typing {options.span} characters of {len(texts)} passages, gate at {precision}")
        with ghosts.opened(options.model, precision) as engine:
            whole, by_word = zip(*(_typed(engine, text, options.span) for text in texts), strict=True)
        result |= {
            f"saved_at_1{suffix}": bootstrap([t.saved for t in whole], seed=options.seed),
            f"acceptance_rate{suffix}": _rate(whole, "accepts", "suggested", options.seed),
            f"saved_at_1_by_words{suffix}": bootstrap([t.saved for t in by_word], seed=options.seed),
        }
    return result | {"typed_characters": sum(t.length for t in whole)}


def _typed(engine: Engine, text: str, length: int) -> tuple[Typed, Typed]:
    """One passage typed with suggestions taken whole, and with their words taken one by one."""
    start, end = ghosts.span(text, length)
    suggest = ghosts.suggester(engine)
    whole, words = (
        type_out(text[:start], text[start:end], suggest, accept) for accept in (accept_whole, accept_words)
    )
    return whole, words
