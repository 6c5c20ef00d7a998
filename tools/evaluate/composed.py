"""A full composition beside its parts: the task and the persona adapter together, merged in every way.

A merge is better where its cost is lower on the same rows; the best one is what the default should be.
"""

from typing import Any

import mlx.core as mx
import numpy as np

from killah.gemma.stack import Blend
from tools.evaluate.adapted import Adapted
from tools.evaluate.held_out import HeldOut

MERGES = ("sum", "pico", "cat")
HALF = "sum_half"  # both at half their weight, so that the total is one
LESS_PERSONA = {"sum_persona_half": 0.5, "sum_persona_quarter": 0.25}  # the task whole, the persona less
SOFT = "_soft"  # with the persona's soft tokens before the text

Costs = dict[str, np.ndarray]


def blends(model: Adapted, task: str) -> dict[str, Blend]:
    """The parts and the whole of a composition, as far as its adapters are installed."""
    both = (("persona", 1.0), (task, 1.0))
    parts = {name: Blend(((name, 1.0),)) for name in (task, "persona") if model.has(name)}
    if len(parts) < 2:
        return parts
    whole = {"sum": Blend(both), "pico": Blend(both, "pico")}
    mix = mixture(model, task)
    if mix is not None:
        whole["cat"] = Blend(both, "cat", learned(model, mix, ("persona", task)))
    less = {name: Blend((("persona", weight), (task, 1.0))) for name, weight in LESS_PERSONA.items()}
    return parts | whole | {HALF: Blend(tuple((name, 0.5) for name, _ in both))} | less


def mixture(model: Adapted, task: str) -> str | None:
    """The installed mix that weighs persona and task: TASK-mix, else the first with these members."""
    names = sorted(model.named("mix"), key=lambda name: name != f"{task}-mix")
    return next((n for n in names if {"persona", task} <= set(model.read(n).card.members)), None)


def learned(model: Adapted, mix: str, order: tuple[str, ...]) -> dict[str, tuple[float, ...]]:
    """A mix's scores, module path -> one for each adapter of `order`."""
    adapter = model.read(mix)
    picks = [adapter.card.members.index(name) for name in order]
    return {
        path.removesuffix(".scores"): tuple(np.array(scores.astype(mx.float32))[picks].tolist())
        for path, scores in adapter.tensors.items()
    }


def costs(model: Adapted, task: str, held: HeldOut, soft: np.ndarray | None, known: Costs) -> Costs:
    """Nats of each row, (rows,), under every blend; where there are soft tokens, merges with them too.

    `known` are costs that have been measured already, the base's among them.
    """
    found = dict(known)
    for name, blend in blends(model, task).items():
        if name not in found:
            found[name] = model.nats(held.rows, blend)
        if soft is not None and name in (*MERGES, task):
            found[name + SOFT] = model.nats(held.rows, blend, soft)
    return found


def figures(held: HeldOut, found: Costs) -> dict[str, Any]:
    """Each cost, its difference from the base's and from the sum's, and which merge is the best."""
    result: dict[str, Any] = {"rows": len(held.rows)}
    for name, nats in found.items():
        result[name] = {"nats_a_token": held.cost(nats), "bits_per_byte": held.bits(nats)}
        if name != "base":
            result[name]["over_base"] = held.gap(nats, found["base"])
        if "sum" in found and name != "sum":
            result[name]["over_sum"] = held.gap(nats, found["sum"])
    for suffix in ("", SOFT):
        ranked = sorted((n for n in MERGES if n + suffix in found), key=lambda n: found[n + suffix].sum())
        if len(ranked) > 1:
            first, second = (found[n + suffix] for n in ranked[:2])
            result["best_merge" + suffix] = ranked[0]
            result["best_merge_over_next" + suffix] = held.gap(first, second)
    return result
